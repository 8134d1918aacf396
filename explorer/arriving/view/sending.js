const sender = (root, data, done) => {
  // the queue lives on the element: Streamlit calls this function anew with every rerun of the page
  const state = root.state ??= { waiting: [], going: new Set(), sent: 0, bytes: 0, before: 0, failed: [], total: 0 };
  const bar = root.querySelector("progress"), said = root.querySelector(".said"), stop = root.querySelector(".stop");
  const mega = (n) => (n / 1e6).toFixed(n < 1e7 ? 1 : 0) + " MB";
  const draw = () => {
    const now = state.before + [...state.going].reduce((sum, one) => sum + one.loaded, 0);
    const busy = state.going.size > 0 || state.waiting.length > 0;
    bar.hidden = stop.hidden = !busy;
    bar.value = state.total ? now / state.total : 0;
    if (busy) said.textContent = `${state.sent} of ${state.sent + state.waiting.length + state.going.size} files sent, ` +
      `${mega(now)} of ${mega(state.total)}`;
  };
  const finish = () => {
    draw();
    const wrong = state.failed.length ? ` ${state.failed.length} could not be sent: ${state.failed[0]}` : "";
    said.textContent = (state.sent ? `${state.sent} file${state.sent > 1 ? "s" : ""} arrived.` : "") + wrong;
    said.classList.toggle("wrong", state.failed.length > 0);
    if (state.sent) done(Date.now());
    Object.assign(state, { sent: 0, before: 0, failed: [], total: 0 });
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
          let why = "the connection broke off";
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
    state.waiting.length = 0;
    [...state.going].forEach((one) => { one.stopped = true; one.request.abort(); });
    if (!state.going.size) finish();
  };
  draw();
  return (files) => {
    said.classList.remove("wrong");
    const size = files.reduce((sum, one) => sum + one.file.size, 0);
    if (!files.length) return;
    if (size > data.most) {
      said.textContent = `${mega(size)} are more than the ${mega(data.most)} that are taken for one set.`;
      said.classList.add("wrong");
      return;
    }
    state.total += size;
    state.waiting.push(...files.map((one) => ({ ...one, size: one.file.size, address: data.address })));
    next();
  };
};
