# Shared by the other scripts: a virtual environment on a machine that may have nothing.

# Print a Python that is new enough: the one that VISTAZO_PYTHON names, else the one that a Space has, else another.
find_python() {
    if usable_python; then return; fi
    if [ -z "${VISTAZO_PYTHON:-}" ] && command -v apt-get >/dev/null; then
        echo "Installing Python …" >&2
        { apt_install python3.12 || apt_install python3.11 || apt_install python3; } >/dev/null 2>&1 || true
        if usable_python; then return; fi
    fi
    echo "error: Python 3.11 or newer is needed; ${VISTAZO_PYTHON:-none} was found. Install it: apt-get install python3" \
        "(Debian, Ubuntu), brew install python (macOS), or from python.org." >&2
    return 2
}

usable_python() {
    local candidate
    for candidate in ${VISTAZO_PYTHON:-python3.12 python3.13 python3.11 python3}; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
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
    local python status=0
    python=$(find_python) || return
    "$python" scripts/environment.py "$1" "$2" || status=$?
    # Debian and Ubuntu ship Python without the part that makes environments with pip.
    if [ "$status" = 3 ]; then
        apt_install python3-venv "$(basename "$python")-venv" || apt_install python3-venv || true
        status=0
        "$python" scripts/environment.py "$1" "$2" || status=$?
    fi
    if [ "$status" = 3 ]; then
        echo "error: $python cannot make virtual environments. Install its part for that (apt-get install python3-venv)." >&2
    fi
    return "$status"
}
