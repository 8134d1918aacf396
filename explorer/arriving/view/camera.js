const pause = (ms) => new Promise((ok) => setTimeout(ok, ms));
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".box"), video = root.querySelector("video");
  const send = sender(root, data, (when) => setTriggerValue("arrived", when));
  const on = root.querySelector(".on"), burst = root.querySelector(".burst"), single = root.querySelector(".single");
  const count = root.querySelector(".count"), said = root.querySelector(".said"), stop = root.querySelector(".stop");
  const cancel = stop.onclick;
  stop.onclick = () => { root.quit = true; cancel(); };
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
    root.quit = stop.hidden = false;
    root.busy = burst.disabled = single.disabled = true;
    count.hidden = false;
    for (const left of [3, 2, 1]) { if (!root.quit) { count.textContent = left; await pause(700); } }
    const shots = [], folder = `burst-${Date.now()}/`;  // a group: no split cuts it where there are several
    count.textContent = "";
    while (shots.length < data.burst && !root.quit) {
      shots.push(await shoot(folder));
      said.textContent = `${shots.length} of ${data.burst} taken`;
      await pause(250);
    }
    stop.hidden = count.hidden = true;
    root.busy = burst.disabled = single.disabled = false;
    if (root.quit) send.tell("Cancelled: nothing was kept.", false);
    else send(shots);
  };
  return () => video.srcObject?.getTracks().forEach((track) => track.stop());
}
