"""What many boards told: one document, one report, and the plans for all of them."""
