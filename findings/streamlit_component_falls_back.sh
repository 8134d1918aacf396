#!/usr/bin/env bash
# A Streamlit component (v2) can end up showing data that the page has replaced: the draws of one component finish in any order.
#
# Versions: Python 3.11, streamlit 1.67.0, playwright 1.65.2, Chromium 156 of Debian 12 (`apt-get install chromium`), Linux on x86_64.
# Guess: a component shows the data of its last call. Each change of `data` calls the script's default export again, in order;
#   while its script still loads, the calls wait and the newest comes last.
# Behaviour: for each change of `data` the front end imports the script once more, and draws when that import ends, even if a newer one
#   was drawn meanwhile. Chromium ends imports of one address that wait together in either order. So where the data change while the script
#   is on its way, about every other page keeps the old data for good, under text that says the new. (Where the page reruns at once the
#   first data are never sent: 60 of 60 pages were right.) Here the script is held back until both data have come, as a busy machine
#   or a slow network does it.
# Output seen:
#   24 pages that say 1; their component shows {'drawn 0': 15, 'drawn 1': 9}
# Why it matters here: a map of concepts went on saying "0 done" under a line that counted 2. Thaw numbers each change of the data, and a
#   draw with a lower number than one before does nothing (explorer/app/components.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check streamlit==1.67.0 playwright==1.65.2 2>/dev/null
cd "$folder"
cat >app.py <<'APP'
import streamlit as st
from streamlit.components.v2 import component

SCRIPT = """
export default function ({ parentElement, data }) {
  parentElement.querySelector(".shown").textContent = `drawn ${data.n}`;
}
"""
show = component("counter", html="<p class='shown'></p>", js=SCRIPT)

n = st.session_state.get("n", 0)
show(key="counter", data={"n": n})
st.write(f"said {n}")


@st.fragment(run_every=0.3)
def learn() -> None:
    """As a page that hears from the browser, or from a worker, soon after it was drawn."""
    if st.session_state.get("heard") and n < 1:
        st.session_state["n"] = 1
        st.rerun()
    st.session_state["heard"] = True


learn()
APP
cat >open.py <<'OPEN'
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter

from playwright.sync_api import sync_playwright

TIMES = 24
HOLD = """
const address = URL.createObjectURL.bind(URL);
window.Blob = class extends Blob {
  constructor(parts, kind) { super(parts, kind); this.parts = parts; }
};
URL.createObjectURL = (blob) => {
  const script = String(blob.parts);
  if (!script.includes("export default")) return address(blob);
  window.script = script;
  return location.origin + "/held.js";
};
"""
"""The component's script gets an address that this test can answer late, as a browser does that is busy."""

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
options = ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
server = subprocess.Popen([sys.executable, "-m", "streamlit", "run", "app.py", *options], stdout=subprocess.DEVNULL)
try:
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5)
            break
        except OSError:
            time.sleep(0.5)
    shown: Counter[str] = Counter()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(TIMES):
            page = browser.new_page()
            page.add_init_script(HOLD)
            held = []
            page.route("**/held.js", lambda route: held.append(route))
            page.goto(f"http://127.0.0.1:{port}")
            page.get_by_text("said 1").wait_for()
            page.wait_for_timeout(500)  # both data have come, and neither is drawn
            for route in held:
                route.fulfill(content_type="text/javascript", body=page.evaluate("window.script"))
            page.locator(".shown", has_text="drawn").wait_for()
            page.wait_for_timeout(1000)  # whatever was on its way is drawn
            shown[page.locator(".shown").inner_text()] += 1
            page.close()
        browser.close()
finally:
    server.terminate()
print(f"{TIMES} pages that say 1; their component shows {dict(sorted(shown.items()))}")
sys.exit(0 if shown["drawn 0"] else "all show 1: the draws come in order now")
OPEN
"$folder/venv/bin/python" open.py
