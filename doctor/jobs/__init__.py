"""What the commands do from gate to proof: the public Python API. Nothing here prints."""
