"""How long a ZIP of pictures takes until it can be looked at, and what the server's memory does meanwhile.

`python -m benchmarks.bringing [--pictures 4000] [--megabytes 0]`

Makes a ZIP of that many JPEGs of 500 × 375 pixels in ten classes, or one of about `--megabytes`, and measures, in this process:
the upload's way to the disk (peak memory above idle), the preview (first thumbnails), and keeping (unpack, digest, check); as
ratios to listing and decoding the same pictures once with torchvision's ImageFolder at full size, on as many threads.
"""

import argparse
import io
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from explorer.progress import silent

CLASSES, SIZE, CHUNK = 10, (500, 375), 1 << 18


def picture(number: int) -> bytes:
    """A JPEG of about 60 kB: a photograph's smoothness with some grain."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 255, (9, 12, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
    pixels = np.asarray(coarse, np.int16) + rng.integers(-9, 10, (*SIZE[::-1], 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def make(path: Path, folder: Path, pictures: int, megabytes: float) -> int:
    """Write the ZIP, and the same pictures as a folder; returns how many. They differ in bytes behind their end."""
    some = [picture(i) for i in range(50)]
    if megabytes:
        pictures = int(megabytes * 1e6 / (sum(map(len, some)) / len(some)))
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(pictures):
            name, data = f"class {i % CLASSES}/{i:06d}.jpg", some[i % len(some)] + i.to_bytes(4, "little")
            archive.writestr(name, data)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    return pictures


def pieces(path: Path) -> Iterator[bytes]:
    """The file as a browser sends it."""
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def decoded_once(folder: Path) -> float:
    """Seconds to list the folder with torchvision's ImageFolder and decode each picture once, on as many threads as cores."""
    from torchvision.datasets import ImageFolder

    began = time.perf_counter()
    found = ImageFolder(str(folder))
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(lambda row: found.loader(row[0]).size, found.samples))
    return time.perf_counter() - began


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=4000)
    parser.add_argument("--megabytes", type=float, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        os.environ["THAW_HOME"] = str(Path(room, "thaw"))
        from explorer.arriving.compute import keeping, previews
        from explorer.own_sets import parcels

        path, folder = Path(room, "a.zip"), Path(room, "folder")
        n = make(path, folder, given.pictures, given.megabytes)
        process, key = psutil.Process(), parcels.open_parcel()
        idle, peak, began = process.memory_info().rss, 0, time.perf_counter()
        with parcels.receiving(key, "a.zip") as coming:
            for piece in pieces(path):
                coming.write(piece)
                peak = max(peak, process.memory_info().rss)
        sent = time.perf_counter()
        previews.preview(key, "", "folders", "")
        seen = time.perf_counter()
        keeping.arrive(key, "Benchmark", "folders", "", silent)
        kept = time.perf_counter()
        once = decoded_once(folder)
        found = {
            "pictures": n, "megabytes": round(path.stat().st_size / 1e6), "cores": len(os.sched_getaffinity(0)),
            "upload_s": sent - began, "upload_memory_mb": (peak - idle) / 1e6, "first_thumbnails_s": seen - sent,
            "kept_s": kept - seen, "decoded_once_s": once, "ratio": (kept - sent) / once, "load": os.getloadavg()[0],
        }  # fmt: skip
        print(json.dumps({name: round(value, 2) for name, value in found.items()}))


if __name__ == "__main__":
    main()
