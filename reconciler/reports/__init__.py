"""Plans, findings and results as text, Markdown, HTML, JSON and annotations; returns strings, prints nothing.

plan_text: a plan as text for a terminal; read this first
plan_summary: a plan as a whole in sentences, the same in every report
plan_groups: changes by place and data point, identical changes, dependents
change_words: the words for a change: its risk, what its edits do, what a precondition was judged by
version_offer: the lines of a file that let an edit apply from a date on
plan_markdown: a plan as Markdown
markdown_sections: the sections of that report, each in full and as one line each
markdown_budget: sections of a Markdown report shortened to fit a limit
plan_html: a plan as one HTML page; the templates are in page/
html_change: one change on that page
html_pictures: versions and readings over time, and which formulas use which channels, on that page
findings_report: findings as text, and the table of their formats
findings_formats: findings for machines: JSON, SARIF, JUnit, GitHub, GitLab
apply_report: the result of an apply as text, Markdown and JSON events
import_report: what an import wrote
rules_report: one rule for the terminal
formatting: counts, values, times and locations as text
escaping: untrusted text escaped for terminals, logs, JSON and Markdown
terminal: styles, wrapped lines, and source lines with carets
"""
