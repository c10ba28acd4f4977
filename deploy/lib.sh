# What deploy/up, deploy/down and tests/run share. Sourced by bash; never run by itself.
# shellcheck shell=bash disable=SC2034  # most of these variables are for those who source this

SOLIDAIRES_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly SOLIDAIRES_ROOT
readonly LOGS=${SOLIDAIRES_LOGS:-$SOLIDAIRES_ROOT/build/logs}

# --- words ------------------------------------------------------------------------------------

if [ -t 1 ]; then BOLD=$'\033[1m' DIM=$'\033[2m' PLAIN=$'\033[0m' LINE=$'\r\033[K'; else BOLD='' DIM='' PLAIN='' LINE=''; fi

step() { printf '%s%s%s\n' "$BOLD" "$1" "$PLAIN"; }
note() { printf '     %s\n' "$1"; }

# die SENTENCE: what is wrong and what to do, on standard error; then the end.
die() {
  printf '\n%s\n' "$1" >&2
  exit "${2:-1}"
}

# --- rights and room --------------------------------------------------------------------------

# as_root COMMAND...: as root, or through sudo. may_be_root says beforehand whether it can work.
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -- "$@"; fi; }
may_be_root() { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1; }

# need_room DIRECTORY MIB WHAT: stops if the file system of DIRECTORY (or its nearest parent) has less.
need_room() {
  local at=$1 free
  while [ ! -d "$at" ]; do at=$(dirname "$at"); done
  free=$(df -Pm "$at" | awk 'NR == 2 { print $4 }')
  [ "${free:-0}" -ge "$2" ] ||
    die "The disk is too full: $3 needs $2 MiB under $at and only ${free:-0} MiB are free. Make room, then run this again."
}

# writable DIRECTORY WHAT: makes it, or says who may not.
writable() {
  { mkdir -p "$1" 2>/dev/null && [ -w "$1" ]; } ||
    die "The account '$(id -un)' may not write to $1, where $2 goes. Give it that right, or choose another directory."
}

# explain LOG FALLBACK: turns the usual causes in a log into one sentence, and stops.
explain() {
  local log=$1
  if grep -qE 'No space left on device|ENOSPC|not enough free space|t have enough free space' "$log"; then
    die "The disk is full. Make room, then run this again (details: $log)."
  elif grep -qE 'Temporary failure resolving|Could not resolve|Could not connect|Failed to fetch|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network .*unreachable' "$log"; then
    die "No way to the network: packages could not be fetched. Check the connection or the proxy settings, then run this again (details: $log)."
  elif grep -qE 'Could not get lock|is locked by|Unable to acquire the dpkg' "$log"; then
    die "Another program is installing packages. Wait until it has ended, then run this again."
  elif grep -qE 'Unable to locate package|has no installation candidate' "$log"; then
    die "$(grep -hE 'Unable to locate package|has no installation candidate' "$log" | head -n 1 | sed 's/^E: //'): this needs Debian 12 (bookworm) with its main archive (details: $log)."
  elif grep -qE 'Permission denied|EACCES|Operation not permitted' "$log"; then
    die "A right is missing: $(grep -hE 'Permission denied|EACCES|Operation not permitted' "$log" | head -n 1). Correct it, then run this again (details: $log)."
  fi
  tail -n 15 "$log" >&2
  die "$2 The whole log: $log"
}

# --- packages ---------------------------------------------------------------------------------

# missing_packages LIST...: the packages of the lists that are not installed, one per line.
missing_packages() {
  local name
  sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$@" | sort -u | while read -r name; do
    case $name in # any Node.js serves, not only Debian's
      nodejs) command -v node >/dev/null 2>&1 && continue ;;
      npm) command -v npm >/dev/null 2>&1 && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q ' installed$' || printf '%s\n' "$name"
  done
}

# Shows apt's progress as one line, or as a line now and then where there is no terminal.
show_packages() {
  awk -v total="$1" -v line="$LINE" '
    /^Get:/ { got++ } /^Setting up / { done++; name = $3 }
    /^(Get:|Setting up )/ {
      text = done ? sprintf("     installing %d of %d: %s", done, total, name) : sprintf("     fetching: %d", got)
      if (line != "") printf "%s%.100s", line, text
      else if (done % 20 == 1 || got % 50 == 1 && !done) print text
      fflush()
    }
    END { if (line != "") printf "%s", line }'
}

# install_packages LIST...: installs what is missing, and touches nothing if nothing is.
install_packages() {
  local missing log=$LOGS/packages.log total
  { command -v dpkg-query && command -v apt-get; } >/dev/null 2>&1 ||
    die "This is not Debian: the packages of deploy/packages/*.txt must be installed in another way. Solidaires is built and tested on Debian 12."
  missing=$(missing_packages "$@" | tr '\n' ' ')
  if [ -z "${missing// /}" ]; then
    note "nothing is missing"
    return
  fi
  may_be_root || die "Packages are missing and the account '$(id -un)' may not install them (neither root nor sudo). As root: apt-get install --no-install-recommends $missing"
  need_room /var/cache/apt 1500 "installing the packages"
  local apt=(apt-get -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  note "$(wc -w <<<"$missing") to install, with what they need"
  as_root "${apt[@]}" update >"$log" 2>&1 || explain "$log" "The lists of Debian packages could not be updated."
  # Without the lists, apt-get update only warns.
  grep -qE '^(W|E): Failed to fetch' "$log" && explain "$log" "The lists of Debian packages could not be updated."
  # shellcheck disable=SC2086  # a list of words
  total=$(apt-get -s --no-install-recommends install $missing 2>/dev/null | grep -c '^Inst ')
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C "${apt[@]}" install --no-install-recommends $missing 2>&1 |
    tee -a "$log" | show_packages "$total"
  [ "${PIPESTATUS[0]}" -eq 0 ] || explain "$log" "The Debian packages could not be installed."
}

# npm_packages DIRECTORY: npm ci, only if its lock file has changed since the last time.
npm_packages() {
  local at=$1 stamp=$1/node_modules/.lock-installed log lock
  log=$LOGS/npm-$(basename "$at").log
  [ -f "$at/package-lock.json" ] || return 0
  lock=$(sha256sum <"$at/package-lock.json")
  if [ "$(cat "$stamp" 2>/dev/null)" = "$lock" ]; then
    note "$(basename "$at"): up to date"
    return
  fi
  note "$(basename "$at"): fetching what its lock file names"
  (cd "$at" && npm ci --no-audit --no-fund) >"$log" 2>&1 || explain "$log" "The npm packages of $at could not be installed."
  printf '%s\n' "$lock" >"$stamp"
}

# --- building ---------------------------------------------------------------------------------

# One compiler needs up to 2 GB: fewer at a time where memory is short.
build_jobs() {
  local cores mib
  cores=$(nproc)
  mib=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  local fit=$((mib / 1200))
  [ "$fit" -ge 1 ] || fit=1
  echo $((cores < fit ? cores : fit))
}

# configure TREE OPTION...: configures a build tree once, or anew if it was made otherwise.
configure() {
  local tree=$1 log want
  log=$LOGS/configure-$(basename "$tree").log
  shift
  want="$SOLIDAIRES_ROOT $*"
  if [ -f "$tree/build.ninja" ] && [ "$(cat "$tree/.configured" 2>/dev/null)" = "$want" ]; then
    note "up to date"
    return
  fi
  # A tree of a moved checkout or of another compiler cannot be mended.
  [ ! -f "$tree/CMakeCache.txt" ] || rm -rf "$tree/CMakeCache.txt" "$tree/CMakeFiles"
  mkdir -p "$tree"
  cmake -S "$SOLIDAIRES_ROOT" -B "$tree" -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 "$@" >"$log" 2>&1 ||
    explain "$log" "The build could not be configured."
  printf '%s\n' "$want" >"$tree/.configured"
  note "configured"
}

# build TREE [TARGET...]: ninja with its own status line; one build of a checkout at a time.
build() {
  local tree=$1
  shift
  (
    if ! flock -n 8; then
      note "another build of this checkout is running; waiting for it"
      flock 8
    fi
    NINJA_STATUS='     [%f/%t, %e s] ' ninja -C "$tree" -j "$(build_jobs)" "$@" 8>&- || exit 1
  ) 8>"$SOLIDAIRES_ROOT/build/.lock" || {
    need_room "$tree" 100 "the build"
    die "The build failed; the compiler's words are above. After mending what they name, run this again: it goes on from there."
  }
}

# --- processes --------------------------------------------------------------------------------

# A process id alone may be taken over by another process: the time of its start tells them apart.
# Nothing for a process that has ended, even if nobody has collected it yet (state Z).
started_at() { sed -n 's/.*) //; /^[^ZX]/p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# running DIRECTORY: true if the server whose pid file lies there is alive. Sets PID.
running() {
  local since
  PID=''
  [ -f "$1/server.pid" ] || return 1
  read -r PID since <"$1/server.pid" || return 1
  [ -n "$PID" ] && [ -n "$since" ] && [ "$(started_at "$PID")" = "$since" ]
}

# stop_server DIRECTORY NAME: SIGTERM, then waits until it is gone (60 s at most).
stop_server() {
  if ! running "$1"; then
    rm -f "$1/server.pid"
    return 0
  fi
  kill -TERM "$PID" 2>/dev/null
  local pid=$PID deadline=$((SECONDS + 60))
  while [ "$SECONDS" -lt "$deadline" ] && running "$1"; do sleep 0.05; done
  if running "$1"; then
    die "$2 (process $pid) has not stopped within 60 s of SIGTERM; see $1/server.log. To end it at once (it loses nothing that was saved): kill -9 $pid"
  fi
  rm -f "$1/server.pid"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Who listens on a port: "nginx, process 12", or nothing if that cannot be told.
port_owner() {
  command -v ss >/dev/null 2>&1 || return 0
  ss -Hltnp "sport = :$1" 2>/dev/null |
    sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/ (\1, process \2)/p' | head -n 1
}

# --- the network on this machine ---------------------------------------------------------------

readonly HUB=rhone-alpes
readonly NODES='savoie-mont-blanc isere'
readonly INSTANCES="$HUB $NODES"

default_data() { echo "${XDG_DATA_HOME:-${HOME:?HOME is not set: choose a directory with --data}/.local/share}/solidaires"; }

title_of() {
  sed -nE 's/^title = "(.*)"$/\1/p' "$SOLIDAIRES_ROOT/deploy/config/$1.toml"
}

# port_of NAME KIND, from PORT_BASE: see deploy/up --help.
port_of() {
  local offset
  case $1 in
    rhone-alpes) offset=84 ;;
    savoie-mont-blanc) offset=73 ;;
    isere) offset=38 ;;
  esac
  case $2 in
    http) echo $((PORT_BASE + offset)) ;;
    private) echo $((PORT_BASE + 100 + offset)) ;;
    link) echo $((PORT_BASE + 100)) ;;
  esac
}
