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
    if (input.files.length) send([...input.files].map((file) => ({ name: data.prefix + (file.webkitRelativePath || file.name), file })));
    input.value = "";
  };
  one.onchange = () => taken(one);
  many.onchange = () => taken(many);
  root.ondragover = (event) => { event.preventDefault(); root.classList.toggle("over", !data.closed); };
  root.ondragleave = () => root.classList.remove("over");
  root.ondrop = async (event) => {
    event.preventDefault();
    root.classList.remove("over");
    if (data.closed) return send.tell(data.label + ", then drop its pictures.", true);
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    try {
      const found = (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
      send(found.map((row) => ({ ...row, name: data.prefix + row.name })));
    } catch (error) {
      send.tell(`The browser cannot read what was dropped (${error.message}). Choose the files with the button.`, true);
    }
  };
}
