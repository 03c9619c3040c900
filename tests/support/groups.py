"""Which tests share a worker of pytest-xdist, and so the app, the browser or the bundles that they need."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser/"
SITE = f"{BROWSER}test_site"
# These use the app that tests/conftest.py starts.
APP = (
    "tests/docs/test_reference.py",
    "tests/interface/server/test_blocks.py",
    "tests/interface/server/test_closed_routes.py",
    "tests/interface/server/test_mcp_tools.py",
    "tests/interface/test_clients.py",
    "tests/interface/test_endpoints.py",
)


def group_of(nodeid: str) -> str:
    """Return the group of a test: the app in a browser, the site in a browser, the app without one, or its file."""
    file = nodeid.partition("::")[0]
    if file.startswith(BROWSER):  # two groups, which both take minutes
        return SITE if file.startswith(SITE) else BROWSER
    return "app" if file in APP else file


class GroupScheduling(LoadScopeScheduling):
    """Runs the tests of a group in one worker, in the order in which groups were collected.

    The marker `xdist_group` of pytest-xdist 3.8 has no effect with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
