"""Two fields that send pictures from the browser to the server: one to drop files into, one with the camera.

They do not go through Streamlit's uploader, which keeps every file in the server's memory: each file streams to
`/api/arriving/…` (see `app.launch`), which writes it to the disk as it comes. What is checked here spares the visitor a wait;
what counts is checked on the server.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from explorer import limits

_CSS = """
.box { border: 2px dashed var(--st-border-color); border-radius: 8px; padding: 18px; text-align: center; font-family:
  var(--st-font); color: var(--st-text-color); background: var(--st-secondary-background-color); }
.box.over { border-color: var(--st-primary-color); }
.box p { margin: 0 0 10px; }
.box button { font: inherit; padding: 6px 14px; margin: 3px; border-radius: 8px; border: 1px solid var(--st-border-color);
  background: var(--st-background-color); color: inherit; cursor: pointer; }
.box button:hover:enabled { border-color: var(--st-primary-color); }
.box button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
.box button:disabled { opacity: .5; cursor: default; }
.box progress { width: 100%; height: 12px; margin-top: 8px; accent-color: var(--st-primary-color); }
.box .said { font-size: 14px; margin: 8px 0 0; min-height: 1.4em; overflow-wrap: anywhere; }
.box .wrong { color: var(--st-red-text-color); }
.box video { width: 100%; max-width: 420px; border-radius: 8px; background: black; }
.box .count { position: absolute; inset: 0; display: grid; place-items: center; font-size: 72px; color: white;
  text-shadow: 0 0 8px black; }
.box .view { position: relative; display: inline-block; max-width: 100%; }
[hidden] { display: none !important; }
"""

_SENDER = """
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
"""

_DROP_HTML = """<div class="box"><p class="label"></p>
<button type="button" class="files">Choose files</button><button type="button" class="folder">Choose a folder</button>
<button type="button" class="stop" hidden>Cancel</button>
<input type="file" class="one" multiple hidden><input type="file" class="many" webkitdirectory hidden>
<progress max="1" value="0" hidden aria-label="Sent"></progress><p class="said" role="status"></p></div>"""

_DROP_JS = (
    _SENDER
    + """
const walk = async (entry, path) => {
  if (entry.isFile) return [{ name: path + entry.name, file: await new Promise((ok, no) => entry.file(ok, no)) }];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((ok, no) => reader.readEntries(ok, no));
    if (!some.length) return found;
    for (const inner of some) found.push(...(await walk(inner, path + entry.name + "/")));
  }
};
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".box");
  const send = sender(root, data, (when) => setTriggerValue("arrived", when));
  root.querySelector(".label").textContent = data.label;
  const one = root.querySelector(".one"), many = root.querySelector(".many");
  one.setAttribute("aria-label", data.label);
  for (const button of root.querySelectorAll(".files, .folder")) button.disabled = data.closed;
  root.querySelector(".folder").hidden = !data.folders;
  root.querySelector(".files").onclick = () => one.click();
  root.querySelector(".folder").onclick = () => many.click();
  const taken = (input) => {
    send([...input.files].map((file) => ({ name: data.prefix + (file.webkitRelativePath || file.name), file })));
    input.value = "";
  };
  one.onchange = () => taken(one);
  many.onchange = () => taken(many);
  root.ondragover = (event) => { event.preventDefault(); root.classList.toggle("over", !data.closed); };
  root.ondragleave = () => root.classList.remove("over");
  root.ondrop = async (event) => {
    event.preventDefault();
    root.classList.remove("over");
    if (data.closed) return;
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const found = (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
    send(found.map((row) => ({ ...row, name: data.prefix + row.name })));
  };
}
"""
)

_CAMERA_HTML = """<div class="box"><div class="view"><video playsinline muted hidden></video>
<div class="count" hidden></div></div>
<p class="label"></p><button type="button" class="on">Switch the camera on</button>
<button type="button" class="burst" hidden></button><button type="button" class="single" hidden>Take one</button>
<button type="button" class="stop" hidden>Cancel</button>
<progress max="1" value="0" hidden aria-label="Sent"></progress><p class="said" role="status"></p></div>"""

_CAMERA_JS = (
    _SENDER
    + """
const pause = (ms) => new Promise((ok) => setTimeout(ok, ms));
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".box"), video = root.querySelector("video");
  const send = sender(root, data, (when) => setTriggerValue("arrived", when));
  const on = root.querySelector(".on"), burst = root.querySelector(".burst"), single = root.querySelector(".single");
  const count = root.querySelector(".count"), said = root.querySelector(".said");
  root.querySelector(".label").textContent = data.label;
  burst.textContent = `Take ${data.burst} in a row`;
  burst.disabled = single.disabled = data.closed || root.busy;
  on.onclick = async () => {
    try {
      if (!navigator.mediaDevices) throw new Error("browsers give the camera to pages on localhost or over https only");
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: 640 } });
      await video.play();
      video.hidden = burst.hidden = single.hidden = false;
      on.hidden = true;
    } catch (error) {
      said.textContent = `The camera is not available: ${error.message}.`;
      said.classList.add("wrong");
    }
  };
  const shoot = async (folder) => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    const file = await new Promise((ok) => canvas.toBlob(ok, "image/jpeg", 0.92));
    return { name: `${data.prefix}${folder}camera-${Date.now()}-${Math.floor(performance.now() % 1000)}.jpg`, file };
  };
  single.onclick = async () => send([await shoot("")]);
  burst.onclick = async () => {
    root.busy = burst.disabled = single.disabled = true;
    count.hidden = false;
    for (const left of [3, 2, 1]) { count.textContent = left; await pause(700); }
    const shots = [], folder = `burst-${Date.now()}/`;  // a group: no split cuts it where there are several
    for (let i = 0; i < data.burst; i++) {
      count.textContent = "";
      shots.push(await shoot(folder));
      said.textContent = `${i + 1} of ${data.burst} taken`;
      await pause(250);
    }
    count.hidden = true;
    root.busy = burst.disabled = single.disabled = false;
    send(shots);
  };
  return () => video.srcObject?.getTracks().forEach((track) => track.stop());
}
"""
)

BURST = 12
"""Pictures that the camera takes in a row."""

_drop = component("thaw_drop", html=_DROP_HTML, css=_CSS, js=_DROP_JS)
_camera = component("thaw_camera", html=_CAMERA_HTML, css=_CSS, js=_CAMERA_JS)


def _address(parcel: str) -> str:
    """Where the browser sends the files of a parcel."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{'/' + base if base else ''}/api/arriving/{parcel}"


def _data(parcel: str, label: str, prefix: str, closed: bool) -> dict[str, Any]:
    return {
        "address": _address(parcel),
        "label": label,
        "prefix": prefix,
        "closed": closed,
        "most": limits.upload_bytes(),
    }


def drop_zone(
    parcel: str,
    label: str,
    on_arrived: Callable[[], None],
    *,
    key: str,
    prefix: str = "",
    closed: bool = False,
    folders: bool = True,
) -> None:
    """A field to drop files and folders into, with progress and Cancel; `prefix` (`cats/`) goes before their names, `closed`
    takes nothing yet."""
    _drop(key=key, data=_data(parcel, label, prefix, closed) | {"folders": folders}, on_arrived_change=on_arrived)


def camera(
    parcel: str, label: str, on_arrived: Callable[[], None], *, key: str, prefix: str, closed: bool = False
) -> None:
    """The camera, with a countdown and a burst; the pictures go to the class `prefix`."""
    _camera(key=key, data=_data(parcel, label, prefix, closed) | {"burst": BURST}, on_arrived_change=on_arrived)
