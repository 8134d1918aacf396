/* Runs before the app's own scripts: what the server cannot know or decide. */
(() => {
  // A step of the history is what a person would call a place: a page, a pair of runs, a step of the lesson, a term.
  // Streamlit makes one of each change of the address; all others, and those that nobody's hand caused, take the last one's stead.
  const PLACES = ["a", "b", "step", "term", "question", "concept", "race"];
  const WRITTEN_IN = new Set(["a", "b", "step"]);  // by default; that they were absent before makes no new place
  let acted = false;
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { acted = true; }, true);
  addEventListener("popstate", () => { acted = false; }, true);
  const moved = (to) => {
    const before = new URLSearchParams(location.search);
    return to.pathname !== location.pathname || PLACES.some((name) => {
      const was = before.get(name), is = to.searchParams.get(name);
      return was !== is && !((was === null || is === null) && WRITTEN_IN.has(name));
    });
  };
  const push = history.pushState.bind(history);
  history.pushState = (state, title, address) => {
    if (acted && moved(new URL(address, location.href))) {
      acted = false;
      push(state, title, address);
    } else {
      history.replaceState(state, title, address);
    }
  };
  // The server draws for the width that it finds here when the page connects.
  const measure = () => { document.cookie = `thaw_width=${innerWidth}; path=/; samesite=lax`; };
  measure();
  addEventListener("resize", measure);
  // The workspace of this browser has a random name (explorer/workspaces); a link "continue on another device" brings another,
  // and the presenter's link a token. Both stand behind the #, which browsers send to nobody, and leave the address at once.
  const NAME = /^[0-9a-f]{32}$/, secure = location.protocol === "https:" ? "; secure" : "";
  const cookie = (name) => (document.cookie.split("; ").find((row) => row.startsWith(`${name}=`)) || "").slice(name.length + 1);
  const keep = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`; };
  const arrive = () => {
    const brought = new URLSearchParams(location.hash.slice(1));
    const workspace = brought.get("workspace"), token = brought.get("presenter");
    if (workspace === null && token === null) return false;
    history.replaceState(history.state, "", location.pathname + location.search);
    const now = cookie("thaw_browser");
    const other = NAME.test(now) && now !== workspace;
    const asked = "Continue with the workspace of this link? What you made in this browser so far stays on the server, "
      + "but only its own link leads back to it.";
    if (NAME.test(workspace || "") && (!other || confirm(asked))) keep("thaw_browser", workspace);
    draw();
    // The token is shown for this workspace alone: a presenter who opens a participant's link to help makes no second presenter.
    if (/^[\w.~-]{8,128}$/.test(token || "")) keep("thaw_presenter", `${token}:${cookie("thaw_browser")}`);
    return true;
  };
  const draw = () => {
    if (NAME.test(cookie("thaw_browser"))) return;
    keep("thaw_browser", [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  };
  arrive();
  draw();
  addEventListener("hashchange", () => { if (arrive()) location.reload(); });
})();
/* While someone presents (present=1), the keys of a presenter's remote turn from one figure to the next. */
(() => {
  const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
  const BUSY = "input, textarea, select, [contenteditable], [role=radio], [role=slider], [role=combobox], [role=option], [role=tab], .tiles";
  const BAR = 52;  // pixels of the bar above
  const slides = (main) => {
    // A figure begins with the heading close above it; headings without a figure are slides too.
    const top = (el) => el.getBoundingClientRect().top;
    const all = [...main.querySelectorAll("h1, h2, h3, [class*='st-key-figure_']")];
    const places = all.filter((el) => el.offsetHeight).map((el) => Math.max(0, top(el) + main.scrollTop - BAR))
      .map((place) => place < 80 ? 0 : place).sort((a, b) => a - b);
    return places.filter((place, i) => i === 0 || place - places[i - 1] > 160);
  };
  addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (new URLSearchParams(location.search).get("present") !== "1") return;
    if (event.composedPath().some((el) => el.matches && el.matches(BUSY))) return;
    const main = document.querySelector("[data-testid=stMain]");
    if (!main) return;
    const places = slides(main), now = main.scrollTop;
    const next = step > 0 ? places.find((place) => place > now + 8) : places.findLast((place) => place < now - 8);
    event.preventDefault();
    main.scrollTo({ top: next ?? (step > 0 ? main.scrollHeight : 0), behavior: "instant" });
  }, true);
})();
/* A finger cannot hover: a tap on a term shows its definition first, with the way to its page. */
(() => {
  let touched = false, shown = null;
  const close = () => { if (shown) shown.remove(); shown = null; };
  addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (shown && !shown.contains(event.target)) close();
  }, true);
  addEventListener("click", (event) => {
    const term = event.target.closest && event.target.closest("a[title][href*='glossary?term=']");
    if (!touched || !term || (shown && shown.contains(term))) return;
    event.preventDefault();
    event.stopPropagation();
    close();
    const page = getComputedStyle(document.querySelector("[data-testid=stApp]"));
    shown = document.createElement("div");
    shown.className = "thaw-definition";
    shown.setAttribute("role", "status");
    shown.style.cssText = `position:fixed;inset:auto .5rem .5rem;z-index:1000001;padding:.75rem 1rem;border-radius:.5rem;
      border:1px solid currentColor;font:${page.font};color:${page.color};background:${page.backgroundColor}`;
    const more = document.createElement("a");
    more.href = term.href;
    more.target = "_blank";
    more.rel = "noopener";
    more.textContent = "More in the glossary";
    more.style.color = getComputedStyle(term).color;
    shown.append(`${term.textContent}: ${term.title} `, more);
    document.body.append(shown);
  }, true);
})();
