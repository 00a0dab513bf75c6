"""A report as text for people and as JSON for programs. Renderers decide nothing."""
