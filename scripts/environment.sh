# Shared by the other scripts: a virtual environment on a machine that may have nothing.

# Print a Python that is new enough: the one that VISTAZO_PYTHON names, else the one that a Space has, else another.
find_python() {
    local candidate
    for candidate in ${VISTAZO_PYTHON:-python3.12 python3.13 python3.11 python3}; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "error: Python 3.11 or newer is needed; ${VISTAZO_PYTHON:-none} was found." \
        "Install it (apt-get install python3)." >&2
    return 2
}

# Install Debian packages when apt is there and we may use it.
apt_install() {
    command -v apt-get >/dev/null || return 1
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || return 1
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -q && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy "$@"
}

# environment DIRECTORY REQUIREMENTS: make the virtual environment and install into it what it does not have yet.
environment() {
    local python wanted
    python=$(find_python) || return
    # Debian and Ubuntu ship Python without the part that makes environments with pip.
    if [ ! -x "$1/bin/pip" ] && ! "$python" -m venv "$1" 2>/dev/null; then
        rm -rf "$1"
        apt_install python3-venv "$(basename "$python")-venv" || apt_install python3-venv || true
        "$python" -m venv "$1" || return
    fi
    # Asking pip takes seconds: it is asked again only when a requirements file has changed since.
    wanted=$(cat requirements.txt */requirements.txt "$2" | cksum)
    if [ "$(cat "$1/installed-requirements" 2>/dev/null)" != "$wanted" ]; then
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2" || return
        echo "$wanted" >"$1/installed-requirements"
    fi
}
