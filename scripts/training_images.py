"""Makes the plots of docs/training.md from what `train baseline` and `train transfer` left in build/.

emberwatch train baseline; emberwatch train transfer --qat; emberwatch train transfer --from-scratch
python scripts/training_images.py
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "transfer"
IMAGES = ROOT / "docs" / "images"


def newest(pattern: str) -> list[dict[str, float]]:
    """The history of the newest stage whose folder matches."""
    files = sorted(WORK.glob(pattern), key=lambda path: path.stat().st_mtime)
    if not files:
        sys.exit(f"no {pattern} in {WORK}; run these commands first (see the top of this file)")
    with files[-1].open(newline="") as stream:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(stream)]


def compare_starts(path: Path) -> None:
    """Held-out area under the ROC over epochs: from the baseline's layers, and from random ones."""
    folders = [path for path in WORK.glob("transfer-*") if path.is_dir()]
    transfers = [folder for folder in folders if (folder / "head").is_dir()]
    scratches = [folder for folder in folders if not (folder / "head").is_dir()]
    if not transfers or not scratches:
        sys.exit("run `emberwatch train transfer` and `emberwatch train transfer --from-scratch` first")
    figure, axis = pyplot.subplots(figsize=(6.5, 3.6), layout="constrained")
    for label, folders, stages in (
        ("from the baseline: head, then everything", transfers, ("head", "finetune")),
        ("from random layers", scratches, ("finetune",)),
    ):
        folder = max(folders, key=lambda path: path.stat().st_mtime)
        curve = [row["auc"] for stage in stages for row in newest(f"{folder.name}/{stage}/history.csv")]
        axis.plot(range(1, len(curve) + 1), [1 - auc for auc in curve], label=label)
    axis.set(xlabel="epoch", ylabel="1 - AUC of held-out blocks", yscale="log")
    axis.grid(True, alpha=0.3, which="both")
    axis.legend()
    figure.savefig(path, dpi=80, metadata={"Software": None})


def main() -> None:
    """Measures the chain anew, copies the plots of training, draws the comparison."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    chain = ROOT / "build" / "chain"
    subprocess.run(
        [sys.executable, "-m", "emberwatch.cli.main", "data", "measure-chain", "--out", chain], cwd=ROOT, check=True
    )
    for source, name in (
        (chain / "chain.png", "chain.png"),
        (WORK / "baseline.png", "training_baseline.png"),
        (WORK / "transfer.png", "training_transfer.png"),
        (WORK / "quantised.png", "training_quantised.png"),
    ):
        if not source.is_file():
            sys.exit(f"{source} is missing; run these commands first (see the top of this file)")
        shutil.copyfile(source, IMAGES / name)
    compare_starts(IMAGES / "training_starts.png")
    for name in ("baseline", "transfer", "scratch"):
        figures = json.loads((WORK / f"{name}.json").read_text())
        print(name, json.dumps({key: value for key, value in figures.items() if key != "per_class"}))


if __name__ == "__main__":
    main()
