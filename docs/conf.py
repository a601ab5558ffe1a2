"""Settings of the docs site, which `make docs-site` builds with Sphinx from the Markdown files of the repository.

The source folder is the top of the repository, so that links from a page to a README elsewhere stay inside the site.
"""

project = "Slipway"
author = "Slipway maintainers"
project_copyright = "Slipway maintainers, Apache-2.0"

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
# GitHub draws these code blocks, so the site does too.
myst_fence_as_directive = ["mermaid"]
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/*.md",
    "docs/**/*.md",
    "roles/*/README.md",
    "benchmarks/README.md",
    "tests/faults/README.md",
    "sandbox/README.md",
    "collections/ansible_collections/slipway/fastapi/CHANGELOG.rst",
]
exclude_patterns = [".*", "**/.*"]

# GitHub makes an anchor of every heading, and links in the pages use them.
myst_heading_anchors = 6
# The READMEs start on the level that suits the repository, not the site.
suppress_warnings = ["myst.header"]
nitpicky = True

html_theme = "furo"
html_title = "Slipway"
html_copy_source = False
html_show_sphinx = False
