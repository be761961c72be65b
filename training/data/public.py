"""Public data sets that `emberwatch data fetch` knows: where they are, under which licence, and their checksum."""

from __future__ import annotations

from dataclasses import dataclass

from emberwatch.base.errors import UsageError


@dataclass(frozen=True)
class PublicDataset:
    """One archive on the web.

    Args:
        name: what the user types, and the folder it is unpacked to.
        url: of a .zip, .tar.gz or .tar file.
        sha256: hex digest of the archive as its users publish it; None when nobody can: then it is recorded at the
            first download, and every later one has to be equal to it.
        licence: one line to show and to keep with the data.
        about: one line.
        members: only members below this folder of the archive are unpacked; "" is all.
        strip: leading folders of each member's path to drop.
        download_mb: rough size, so that nobody is surprised.
        subset: table in the data set, relative to its folder, and the column that flags with "True" what belongs to it;
            the rest is dropped. None keeps everything.
        archive: name under which the archive's checksum is recorded, for data sets that share one; by default the name.
    """

    name: str
    url: str
    sha256: str | None
    licence: str
    about: str
    members: str = ""
    strip: int = 0
    download_mb: int = 0
    subset: tuple[str, str] | None = None
    archive: str = ""

    @property
    def lock_name(self) -> str:
        """Key of the archive's checksum in the lock file."""
        return self.archive or self.name


_ESC50_URL = "https://github.com/karolpiczak/ESC-50/archive/master.zip"

_FSD50K_URL = "https://zenodo.org/records/4060432/files"

DATASETS = {
    dataset.name: dataset
    for dataset in (
        PublicDataset(
            name="esc50",
            url=_ESC50_URL,
            # The archive is made by the host on demand, for a branch: nobody promises that its bytes stay the same.
            sha256=None,
            licence="CC BY-NC 3.0, non-commercial (K. J. Piczak, ESC-50); clips of its ESC-10 subset CC BY 3.0",
            about="2000 clips of 5 s in 50 classes and 5 folds; no smoke alarms",
            strip=1,
            download_mb=650,
        ),
        PublicDataset(
            name="esc10",
            url=_ESC50_URL,
            sha256=None,
            licence="CC BY 3.0 (K. J. Piczak, ESC-10)",
            about="the 400 clips of ESC-50 in 10 classes that may be used commercially; the archive is ESC-50's",
            strip=1,
            download_mb=650,
            subset=("meta/esc50.csv", "esc10"),
            archive="esc50",
        ),
        PublicDataset(
            name="speech-commands-background",
            url="https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.01.tar.gz",
            # As in torchaudio's data set class and TensorFlow Datasets.
            sha256="743935421bb51cccdb6bdd152e04c5c70274e935c82119ad7faeec31780d811d",
            licence="CC BY 4.0 (Google, Speech Commands v0.01)",
            about="the long recordings of background noise of Speech Commands, without the words",
            members="_background_noise_",
            download_mb=1490,
        ),
        # The sounds are archives in several volumes, which take a ZIP tool: docs/training.md says how.
        PublicDataset(
            name="fsd50k-labels",
            url=f"{_FSD50K_URL}/FSD50K.ground_truth.zip",
            sha256=None,
            licence="CC BY 4.0 (E. Fonseca et al., FSD50K); each sound under its own",
            about="classes of FSD50K's 51197 sounds of Freesound, without the sounds: for `data select`",
            download_mb=1,
        ),
    )
}


def find_dataset(name: str) -> PublicDataset:
    """The data set of that name.

    Raises:
        UsageError: there is none; the message lists all.
    """
    if name not in DATASETS:
        raise UsageError(f"data set {name!r} is not known; choose from {', '.join(DATASETS)}")
    return DATASETS[name]
