#!/usr/bin/env bash
# A Streamlit component (v2) can end up showing data that the page has replaced: the draws of one component finish in any order.
#
# Versions: Python 3.11, streamlit 1.67.0, playwright 1.65.2, Chromium 156 of Debian 12 (`apt-get install chromium`), Linux on x86_64.
# Guess: a component shows the data of its last call. Each change of `data` calls the script's default export again, in order;
#   while its script still loads, the calls wait and the newest comes last.
# Behaviour: not measured yet.
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
if n < 1:  # as a page does that learns something while it is drawn
    st.session_state["n"] = n + 1
    st.rerun()
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

OPENED = 60

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
        for _ in range(OPENED):
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}")
            page.get_by_text("said 1").wait_for()
            page.locator(".shown", has_text="drawn").wait_for()
            page.wait_for_timeout(1000)  # whatever is on its way has come
            shown[page.locator(".shown").inner_text()] += 1
            page.close()
        browser.close()
finally:
    server.terminate()
print(f"{OPENED} pages that say 1; their component shows {dict(sorted(shown.items()))}")
sys.exit(0 if shown["drawn 0"] else "each shows 1: the draws come in order now")
OPEN
"$folder/venv/bin/python" open.py
