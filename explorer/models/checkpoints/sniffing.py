"""What kind of file this is, by how it begins: names lie, and what a download brought is often something else."""

_BEGINNINGS = (
    (b"version https://git-lfs", "it is a pointer of Git LFS, not the weights. Fetch them with git lfs pull"),
    (b"\x89HDF", "it is an HDF5 file, as Keras writes them. Only what PyTorch writes can be read"),
    (b"\x93NUMPY", "it is an array of NumPy's. Save the weights by PyTorch: torch.save(model.state_dict(), 'weights.pt')"),
    (b"\x1f\x8b", "it is packed with gzip. Unpack it first"),
    (b"BZh", "it is packed with bzip2. Unpack it first"),
    (b"\xfd7zXZ", "it is packed with xz. Unpack it first"),
    (b"7z\xbc\xaf", "it is a 7z archive. Unpack it first"),
    (b"Rar!", "it is a RAR archive. Unpack it first"),
)  # fmt: skip
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f")


def refusal(start: bytes) -> str:
    """Why a file that begins so holds no weights; empty where it may."""
    for begins, why in _BEGINNINGS:
        if start.startswith(begins):
            return why
    if start.lstrip()[:1] == b"<":
        return "it is a web page: the download brought a page instead of the file. Download it again by its direct link"
    if start.strip() and not _CONTROLS & {*start} and start.isascii():
        return "it is a text file, and nothing that torch.save wrote"
    return ""


def is_safetensors(start: bytes, size: int) -> bool:
    """Whether a file of `size` bytes begins as safetensors does: the length of its header, and the header."""
    return start[8:9] == b"{" and 0 < int.from_bytes(start[:8], "little") <= size - 8
