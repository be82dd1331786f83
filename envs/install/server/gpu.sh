# shellcheck shell=bash
# NVIDIA's driver and container toolkit: only where there is such a GPU, and only what does not work.

has_gpu() {
  if command -v lspci >/dev/null; then
    lspci -n 2>/dev/null | grep -qE ' 03[0-9a-f]{2}: 10de:'
  else
    local device
    for device in /sys/bus/pci/devices/*; do
      [ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
      case $(cat "$device/class") in 0x03*) return ;; esac
    done
    return 1
  fi
}

has_driver() { timeout 60 nvidia-smi -L >/dev/null 2>&1; }

# With one before that a job can escape from its container (CVE-2025-23266): executors give GPUs to none.
oldest_toolkit=1.17.8

toolkit_version() { nvidia-ctk --version 2>/dev/null | sed -n 's/.* version v\?\([0-9][0-9.]*\).*/\1/p' | head -n 1; }

has_toolkit() {
  command -v nvidia-container-runtime >/dev/null &&
    [ "$(printf '%s\n' "$oldest_toolkit" "$(toolkit_version)" | sort -V | head -n 1)" = "$oldest_toolkit" ]
}

check_gpu() {
  [ "$role" = miner ] || return 0
  if ! has_gpu; then
    note 'no NVIDIA GPU is seen: classes that promise one will not run here'
  elif has_driver && has_toolkit; then
    fine "GPU: $(nvidia-smi -L | sed 's/ *(.*//; q'), whose driver is left alone"
  elif ! can_install_gpu; then
    trouble "There is an NVIDIA GPU, whose driver or container toolkit, $oldest_toolkit or newer, does not work." \
      "This script installs them on Debian and Ubuntu of x86_64, with a network; here, do as NVIDIA's guide says."
  else
    has_driver || plan "install NVIDIA's driver: cuda-drivers, from developer.download.nvidia.com; a reboot may be due then"
    has_toolkit || plan "install NVIDIA's container toolkit, $oldest_toolkit or newer, from nvidia.github.io, and register it with Docker"
  fi
}

can_install_gpu() { knows_packages && [ "$machine" = amd64 ] && [ -z "$offline" ]; }

step_gpu() {
  if [ "$role" != miner ] || ! has_gpu; then return; fi
  if has_driver && has_toolkit; then return; fi
  can_install_gpu || fail 'The GPU does not work, and this script cannot install what it lacks here.'
  say '  NVIDIA'
  apt_install ca-certificates
  if ! has_driver; then
    local address=https://developer.download.nvidia.com/compute/cuda/repos/$system_id${system_version//./}/x86_64
    add_repository nvidia-driver "$address/3bf863cc.pub" EB693B3035CD5710E231E123A4B469963BF863CC "$address/ /"
    apt_install "linux-headers-$(uname -r)" cuda-drivers
  fi
  if ! has_toolkit; then
    local address=https://nvidia.github.io/libnvidia-container
    add_repository nvidia-toolkit "$address/gpgkey" C95B321B61E88C1809C4F759DDCAE044F796ECB0 "$address/stable/deb/$machine /"
    apt_install 'nvidia-container-toolkit'
    has_toolkit || fail "NVIDIA's container toolkit $(toolkit_version) is what there is to install, and $oldest_toolkit or newer is needed."
  fi
  register_runtime
  has_driver || fail 'The driver is installed; it works after a reboot of the server.' 'Reboot it, and type the same line again.'
}

# Restarts Docker only where that ends nobody's containers.
register_runtime() {
  quietly as_root nvidia-ctk runtime configure --runtime=docker || fail "NVIDIA's runtime could not be registered with Docker."
  if docker info --format '{{json .Runtimes}}' | grep -q nvidia; then return; fi
  if [ -n "$(docker ps -q)" ]; then
    fail 'Docker has to be restarted to know the GPU, and containers are running.' \
      'When they may end: systemctl restart docker. Then type the same line again.'
  fi
  as_root systemctl restart docker
}
