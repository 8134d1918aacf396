const sender = (root, data, done) => {
  // the queue lives on the element: Streamlit calls this function anew with every rerun of the page
  const fresh = () => ({ sent: 0, files: 0, before: 0, total: 0, failed: [], stopped: false });
  const state = root.state ??= { waiting: [], going: new Set(), guard: (event) => event.preventDefault(), ...fresh() };
  const bar = root.querySelector("progress"), said = root.querySelector(".said"), stop = root.querySelector(".stop");
  const mega = (n) => (n / 1e6).toFixed(n < 1e7 ? 1 : 0) + " MB";
  const draw = () => {
    const now = state.before + [...state.going].reduce((sum, one) => sum + one.loaded, 0);
    const busy = state.going.size > 0 || state.waiting.length > 0;
    bar.hidden = stop.hidden = !busy;
    window[busy ? "addEventListener" : "removeEventListener"]("beforeunload", state.guard);  // asks before a tab closes
    bar.value = state.total ? now / state.total : 0;
    if (busy) said.textContent = `${state.sent} of ${state.files} file${state.files > 1 ? "s" : ""} sent, ` +
      `${mega(now)} of ${mega(state.total)}`;
  };
  const tell = (words, wrong) => {
    said.textContent = words;
    said.classList.toggle("wrong", wrong);
  };
  const finish = () => {
    draw();
    const wrong = state.failed.length ? ` ${state.failed.length} could not be sent: ${state.failed[0]}` : "";
    let came = state.sent ? `${state.sent} file${state.sent > 1 ? "s" : ""} arrived.` : "";
    if (state.stopped) came = state.sent ? `Cancelled: ${state.sent} of ${state.files} files had arrived.` : "Cancelled: nothing was kept.";
    tell(came + wrong, state.failed.length > 0);
    if (state.sent) done(Date.now());
    Object.assign(state, fresh());
  };
  const next = () => {
    while (state.going.size < 3 && state.waiting.length) {
      const one = state.waiting.shift();
      const request = new XMLHttpRequest();
      one.request = request;
      one.loaded = 0;
      state.going.add(one);
      request.open("PUT", `${one.address}?name=${encodeURIComponent(one.name)}`);
      request.upload.onprogress = (event) => { one.loaded = event.loaded; draw(); };
      request.onloadend = () => {
        state.going.delete(one);
        state.before += one.size;
        if (request.status === 200) state.sent += 1;
        else if (!one.stopped) {
          let why = "the connection broke off, and nothing of it was kept. Send it again.";
          try { why = JSON.parse(request.responseText).error ?? why; } catch {}
          state.failed.push(`${one.name}: ${why}`);
          if (request.status === 413 || request.status === 507) state.waiting.length = 0;
        }
        if (state.waiting.length || state.going.size) { draw(); next(); } else finish();
      };
      request.send(one.file);
    }
    draw();
  };
  stop.onclick = () => {
    state.stopped = true;
    state.waiting.length = 0;
    if (!state.going.size) finish();
    else [...state.going].forEach((one) => { one.stopped = true; one.request.abort(); });  // the last of them finishes
  };
  draw();
  return Object.assign((files) => {
    if (!files.length) return tell("That held no files.", true);
    const size = files.reduce((sum, one) => sum + one.file.size, 0);
    if (size > data.most) return tell(`${mega(size)} are more than the ${mega(data.most)} that are taken for one set.`, true);
    tell("", false);
    state.total += size;
    state.files += files.length;
    state.waiting.push(...files.map((one) => ({ ...one, size: one.file.size, address: data.address })));
    next();
  }, { tell });
};
