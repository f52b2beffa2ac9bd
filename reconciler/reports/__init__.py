"""Plans, findings and outcomes as text, Markdown, HTML, JSON, annotations; returns strings, prints nothing."""
