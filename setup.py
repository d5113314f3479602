"""Build a wheel that says what is in it, and that is the same byte by byte each time.

pyproject.toml has everything else. The software bill of materials is `sboms/textrnn.cdx.json` in
the wheel's dist-info folder (PEP 770), CycloneDX 1.6: the files of the package with their SHA-256,
the bundled models with the licences of weights and training data, and the declared dependencies.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel

NAME = re.compile(r"[\w.-]+")


class BuildWheel(bdist_wheel):
    """bdist_wheel with a bill of materials, and with the same permissions under every umask."""

    def write_wheelfile(self, wheelfile_base: str, *args: Any, **options: Any) -> None:
        """Write WHEEL and the bill; the last step before everything is packed."""
        super().write_wheelfile(wheelfile_base, *args, **options)
        content, information = Path(self.bdist_dir), Path(wheelfile_base)
        if information.parent != content:  # an editable install has links in place of files
            return
        metadata = message_from_string((information / "METADATA").read_text("utf-8"))
        bill = bill_of_materials(metadata, content / "textrnn")
        (information / "sboms").mkdir()
        text = json.dumps(bill, indent=1, ensure_ascii=False) + "\n"
        (information / "sboms" / "textrnn.cdx.json").write_text(text, "utf-8", newline="\n")
        for path in content.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


def bill_of_materials(metadata: Message, package: Path) -> dict[str, Any]:
    """The content and the dependencies of the package, whose METADATA is `metadata`."""
    name, version = metadata["Name"], metadata["Version"]
    itself = f"pkg:pypi/{name}@{version}"
    models = sorted(path.parent for path in package.glob("pretrained/*/config.json"))
    dependencies = list(libraries(metadata.get_all("Requires-Dist", []), but=name))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": itself,
                "name": name,
                "version": version,
                "licenses": [{"expression": metadata["License-Expression"]}],
                "purl": itself,
            }
        },
        "components": [
            *(
                file_component(file, package)
                for file in files_of(package)
                if file.parent not in models
            ),
            *(model_component(folder, package) for folder in models),
            *dependencies,
        ],
        "dependencies": [{"ref": itself, "dependsOn": [each["bom-ref"] for each in dependencies]}],
    }


def files_of(folder: Path) -> list[Path]:
    """All files below `folder`, in the same order on every machine."""
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=Path.as_posix)


def file_component(file: Path, package: Path) -> dict[str, Any]:
    """A file and its SHA-256."""
    name = file.relative_to(package.parent).as_posix()
    return {"type": "file", "bom-ref": f"file:{name}", "name": name, "hashes": sha256_of(file)}


def model_component(folder: Path, package: Path) -> dict[str, Any]:
    """A bundled model: SHA-256 of its weights, licence, training data, files."""
    records = json.loads((folder / "metadata.json").read_text("utf-8"))
    data = records.get("corpus") or records["data"]
    checksum = {"name": "sha256", "value": data["sha256"]}
    contents = {"properties": [checksum]}
    dataset = {"type": "dataset", "name": ", ".join(data["names"]), "contents": contents}
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{folder.name}",
        "name": folder.name,
        "hashes": sha256_of(folder / "weights.npz"),
        "licenses": [{"license": {"name": records["licence"]}}],
        "components": [file_component(file, package) for file in files_of(folder)],
        "modelCard": {"modelParameters": {"datasets": [dataset]}},
    }


def libraries(requirements: Iterable[str], *, but: str) -> Iterable[dict[str, Any]]:
    """A component of each distribution that is required: `optional` if only extras need it."""
    found: dict[str, list[str]] = {}
    for each in requirements:
        match = NAME.match(each)
        assert match, each
        found.setdefault(match.group(), []).append(each)
    for name in sorted(found.keys() - {but}):
        required = any("extra ==" not in each for each in found[name])
        url = f"pkg:pypi/{re.sub('[-_.]+', '-', name).lower()}"
        yield {
            "type": "library",
            "bom-ref": url,
            "name": name,
            "scope": "required" if required else "optional",
            "purl": url,
            "properties": [{"name": "Requires-Dist", "value": each} for each in found[name]],
        }


def sha256_of(file: Path) -> list[dict[str, str]]:
    """The SHA-256 of a file as CycloneDX has it."""
    return [{"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}]


setup(cmdclass={"bdist_wheel": BuildWheel})
