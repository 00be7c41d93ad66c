# The host by USE: for each resource its utilisation, its saturation, its errors.
from dashboard import PROMETHEUS_SOURCE, dashboard, labels
from panels import GREEN, RED, YELLOW, promql, row, stat, timeseries

HERE = 'job=~"$job", instance=~"$instance"'
DEVICE = f'{HERE}, device=~"$disk"'
PORT = f'{HERE}, device=~"$interface"'
IDLE, BUSY = f'{HERE}, mode="idle"', f'{HERE}, mode!="idle"'
OWN_NETWORK = " In a container that has a network of its own, as in the compose stack, the exporter sees that container's."
MOUNT = f'{HERE}, fstype!~"tmpfs|ramfs|overlay|squashfs|fuse.*"'


def rate(metric, scope=HERE):
    return f"rate({metric}{{{scope}}}[$__rate_interval])"


def host():
    idle = f'avg by (instance) ({rate("node_cpu_seconds_total", IDLE)})'
    cores = f'count by (instance) (node_cpu_seconds_total{{{IDLE}}})'
    memory = f"1 - node_memory_MemAvailable_bytes{{{HERE}}} / node_memory_MemTotal_bytes{{{HERE}}}"
    full = f"1 - node_filesystem_avail_bytes{{{MOUNT}}} / node_filesystem_size_bytes{{{MOUNT}}}"
    warm = [(None, GREEN), (0.7, YELLOW), (0.9, RED)]
    glance = row(
        "At a glance",
        stat("CPU", "Share of the time that the cores were at work.", "percentunit", promql(f"1 - avg({idle})"), thresholds=warm),
        stat("Load by core", "Tasks that run or wait, by core: above 1 they wait.", "short",
             promql(f"max(sum by (instance) (node_load1{{{HERE}}}) / {cores})"), thresholds=[(None, GREEN), (1, YELLOW), (2, RED)]),
        stat("Memory", "Share that is in use and cannot be had without swapping.", "percentunit", promql(f"max({memory})"), thresholds=warm),
        stat("Disk", "Share of the time that the busiest disk was at work.", "percentunit",
             promql(f"max({rate('node_disk_io_time_seconds_total', DEVICE)})"), thresholds=warm),
        stat("Fullest file system", "Share of its size that is in use.", "percentunit", promql(f"max({full})"), thresholds=warm),
        stat("Network", "Bytes in and out, each second." + OWN_NETWORK, "Bps",
             promql(f"sum({rate('node_network_receive_bytes_total', PORT)}) + sum({rate('node_network_transmit_bytes_total', PORT)})")),
    )
    cpu = row(
        "CPU",
        timeseries("Utilisation", "Share of all cores' time, by what they did.", "percentunit",
                   promql(f'avg by (mode) ({rate("node_cpu_seconds_total", BUSY)})', "{{mode}}"), stacked=True, max=1),
        timeseries("Saturation", "Load by core, and the share of the time that some task waited for a core.", "short",
                   promql(f"sum by (instance) (node_load1{{{HERE}}}) / {cores}", "{{instance}}: load by core"),
                   promql(rate("node_pressure_cpu_waiting_seconds_total"), "{{instance}}: time with a task that waits")),
        timeseries("Tasks", "That could run, and that wait for a device. Of errors of a CPU the kernel tells nothing.", "short",
                   promql(f"node_procs_running{{{HERE}}}", "{{instance}}: running"),
                   promql(f"node_procs_blocked{{{HERE}}}", "{{instance}}: blocked")),
    )
    ram = row(
        "Memory",
        timeseries("Utilisation", "What is in use, and what there is.", "bytes",
                   promql(f"node_memory_MemTotal_bytes{{{HERE}}} - node_memory_MemAvailable_bytes{{{HERE}}}", "{{instance}}: in use"),
                   promql(f"node_memory_MemTotal_bytes{{{HERE}}}", "{{instance}}: all")),
        timeseries("Saturation", "Pages that had to be read from disk, each second, and pages swapped.", "ops",
                   promql(rate("node_vmstat_pgmajfault"), "{{instance}}: major faults"),
                   promql(rate("node_vmstat_pswpin"), "{{instance}}: swapped in"),
                   promql(rate("node_vmstat_pswpout"), "{{instance}}: swapped out")),
        timeseries("Errors", "Processes that were killed for want of memory, in the interval of a point.", "short",
                   promql(f"increase(node_vmstat_oom_kill{{{HERE}}}[$__rate_interval])", "{{instance}}")),
    )
    disk = row(
        "Disk",
        timeseries("Utilisation", "Share of the time that a disk was at work.", "percentunit",
                   promql(rate("node_disk_io_time_seconds_total", DEVICE), "{{instance}} {{device}}")),
        timeseries("Saturation", "Operations under way or waiting, on average.", "short",
                   promql(rate("node_disk_io_time_weighted_seconds_total", DEVICE), "{{instance}} {{device}}"),
                   promql(rate("node_pressure_io_waiting_seconds_total"), "{{instance}}: time with a task that waits")),
        timeseries("Errors", "File systems that could not be asked, or may only be read.", "short",
                   promql(f"sum by (instance, mountpoint) (node_filesystem_device_error{{{MOUNT}}})", "{{mountpoint}}: error"),
                   promql(f"sum by (instance, mountpoint) (node_filesystem_readonly{{{MOUNT}}})", "{{mountpoint}}: read only")),
        timeseries("Throughput", "Bytes read and written, each second.", "Bps",
                   promql(rate("node_disk_read_bytes_total", DEVICE), "{{instance}} {{device}}: read"),
                   promql(rate("node_disk_written_bytes_total", DEVICE), "{{instance}} {{device}}: written")),
        timeseries("Time of a write", "From when a write was asked for to its end, on average.", "s",
                   promql(f"{rate('node_disk_write_time_seconds_total', DEVICE)} / ({rate('node_disk_writes_completed_total', DEVICE)} > 0)",
                          "{{instance}} {{device}}")),
        timeseries("File systems", "Share of the size that is in use.", "percentunit",
                   promql(f"max by (instance, mountpoint) ({full})", "{{instance}} {{mountpoint}}"), max=1),
    )
    network = row(
        "Network",
        timeseries("Utilisation", "Bytes in and out, each second." + OWN_NETWORK, "Bps",
                   promql(rate("node_network_receive_bytes_total", PORT), "{{instance}} {{device}}: in"),
                   promql(rate("node_network_transmit_bytes_total", PORT), "{{instance}} {{device}}: out")),
        timeseries("Saturation", "Packets that were dropped, each second." + OWN_NETWORK, "pps",
                   promql(rate("node_network_receive_drop_total", PORT), "{{instance}} {{device}}: in"),
                   promql(rate("node_network_transmit_drop_total", PORT), "{{instance}} {{device}}: out")),
        timeseries("Errors", "Packets with errors, each second." + OWN_NETWORK, "pps",
                   promql(rate("node_network_receive_errs_total", PORT), "{{instance}} {{device}}: in"),
                   promql(rate("node_network_transmit_errs_total", PORT), "{{instance}} {{device}}: out")),
    )
    return dashboard(
        "outrigger-host", "Host", "Utilisation, saturation and errors of CPU, memory, disk and network.",
        [PROMETHEUS_SOURCE, labels("job", "job", "node_boot_time_seconds"),
         labels("instance", "instance", 'node_boot_time_seconds{job=~"$job"}'),
         labels("disk", "device", f"node_disk_io_time_seconds_total{{{HERE}}}"),
         labels("interface", "device", f"node_network_receive_bytes_total{{{HERE}}}")],
        [glance, cpu, ram, disk, network])
