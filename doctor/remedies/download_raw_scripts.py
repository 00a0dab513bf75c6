"""Cure ``download-raw-scripts``."""

from doctor.remedies.cure import ManualCure


class DownloadRawScripts(ManualCure):
    """Get the scripts as Python files, or do without them."""

    id = "download-raw-scripts"
    how = (
        "fipy-doctor does not need the vendor's scripts: the simplest cure is to delete the saved pages",
        "if you want the scripts all the same, download the whole repository as a zip file and unpack "
        "it; never save the web page of a single file",
    )
