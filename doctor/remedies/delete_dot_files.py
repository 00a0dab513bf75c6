"""Cure ``delete-dot-files``."""

from doctor.remedies.cure import ManualCure


class DeleteDotFiles(ManualCure):
    """Delete the files that macOS left behind."""

    id = "delete-dot-files"
    how = ("delete the files whose names start with ._ ; the real file is the one without these two characters",)
