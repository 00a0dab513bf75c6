"""Makes pages of the site at build time: out of the click commands, the checks, the known failures and the cures."""
