"""Writes the Grafana dashboard: what the panels show is listed here, the rest follows. `make docs` writes
charts/tokenwarden/files/dashboard.json; tests/e2e asks a real Prometheus every query of it."""
import json

WHO = 'job=~"$job",instance=~"$instance",provider=~"$provider"'
EXPIRY = f"max by (credential, provider, tenant) (tokenwarden_token_expiry_timestamp_seconds{{{WHO}}})"
SECONDS, SHORT, RATIO, BYTES, PER_SECOND = "s", "short", "percentunit", "bytes", "ops"


def target(expr, legend="", kind=None):
    query = {"expr": expr, "legendFormat": legend, "refId": "A", "datasource": SOURCE}
    if kind == "table":
        query.update(format="table", instant=True)
    if kind == "instant":
        query.update(instant=True)
    return query


SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(kind, title, description, unit, *targets, width, height=8, **options):
    for number, query in enumerate(targets):
        query["refId"] = chr(ord("A") + number)
    return {"type": kind, "title": title, "description": description, "datasource": SOURCE, "targets": list(targets),
            "fieldConfig": {"defaults": {"unit": unit, **options.pop("field", {})}, "overrides": []},
            "options": options, "width": width, "height": height}


def stat(title, description, expr, bad_from=None):
    steps = [{"color": "green", "value": None}]
    if bad_from is not None:
        steps.append({"color": "red", "value": bad_from})
    return panel("stat", title, description, SHORT, target(expr, kind="instant"), width=3, height=4,
                 field={"thresholds": {"mode": "absolute", "steps": steps}}, colorMode="value",
                 reduceOptions={"calcs": ["lastNotNull"]})


ROWS = [
    ("Now", [
        stat("Tokens", "Credentials under management.", f"sum(tokenwarden_tokens{{{WHO}}})"),
        stat("Expired", "Tokens that are past their end.", f"count({EXPIRY} - time() < 0) or vector(0)", 1),
        stat("End within a day", "Tokens that end within a day.", f"count(({EXPIRY} - time() > 0) < 86400) or vector(0)", 1),
        stat("Refused", "Tokens that the issuer refuses or that are not ours.",
             f'sum(max by (credential) (tokenwarden_token_state{{{WHO},state=~"revoked|malformed|wrong_identity"}})) or vector(0)', 1),
        stat("Unfit", "Tokens that live but do not do their work.",
             f'sum(max by (credential) (tokenwarden_token_state{{{WHO},state=~"under_scoped|restricted"}})) or vector(0)', 1),
        stat("Could not tell", "Credentials whose newest inspection could not tell.",
             f"count(tokenwarden_token_indeterminate{{{WHO}}}) or vector(0)", 1),
        stat("Operator needed", "Credentials that wait for a person.",
             f"sum(max by (credential) (tokenwarden_operator_needed{{{WHO}}})) or vector(0)", 1),
        stat("Agents up", "Agents that answer to a scrape.", 'sum(up{job=~"$job",instance=~"$instance"})'),
    ]),
    ("Tokens", [
        panel("timeseries", "Time left", "How long each token still lives. It jumps up when it is renewed.", SECONDS,
              target(f"{EXPIRY} - time()", "{{credential}}"), width=12),
        panel("state-timeline", "State", "The last conclusive verdict of each credential over time.", SHORT,
              target(f"max by (credential, state) (tokenwarden_token_state{{{WHO}}} == 1)", "{{credential}} {{state}}"), width=12),
        panel("table", "Tokens", "Sorted by the time that is left.", SECONDS,
              target(f"sort({EXPIRY} - time())", kind="table"), width=12),
        panel("table", "Deadlines", "The earliest of the clocks of each token, and which one it is.", SECONDS,
              target(f"sort(max by (credential, reason) (tokenwarden_token_deadline_timestamp_seconds{{{WHO}}}) - time())", kind="table"),
              width=12),
    ]),
    ("Renewals", [
        panel("timeseries", "Renewals", "Renewals that were started and that failed.", PER_SECOND,
              target(f"sum by (provider) (rate(tokenwarden_refresh_attempts_total{{{WHO}}}[$__rate_interval]))", "{{provider}} started"),
              target(f"sum by (provider, reason) (rate(tokenwarden_refresh_failures_total{{{WHO}}}[$__rate_interval])) "
                     f"or sum by (provider) (0 * rate(tokenwarden_refresh_attempts_total{{{WHO}}}[$__rate_interval]))",
                     "{{provider}} failed {{reason}}"), width=8),
        panel("timeseries", "Time until the next renewal", "Below zero: it is overdue.", SECONDS,
              target(f"max by (credential) (tokenwarden_token_refresh_due_timestamp_seconds{{{WHO}}}) - time()", "{{credential}}"), width=8),
        panel("timeseries", "Inspections", "Inspections by what they showed.", PER_SECOND,
              target(f"sum by (verdict) (rate(tokenwarden_inspections_total{{{WHO}}}[$__rate_interval]))", "{{verdict}}"), width=8),
        panel("timeseries", "Answers of the issuer", "By endpoint and HTTP status; none is no answer.", PER_SECOND,
              target(f"sum by (endpoint, code) (rate(tokenwarden_upstream_responses_total{{{WHO}}}[$__rate_interval]))",
                     "{{endpoint}} {{code}}"), width=12),
        panel("timeseries", "Age of the evidence", "Since the last conclusive inspection.", SECONDS,
              target(f"time() - max by (credential) (tokenwarden_token_last_check_timestamp_seconds{{{WHO}}})", "{{credential}}"), width=12),
    ]),
    ("Sinks", [
        panel("timeseries", "Generations behind", "How far each sink is behind its credential.", SHORT,
              target(f"max by (credential, sink, target) (tokenwarden_sink_lag_generations{{{WHO}}})", "{{target}}"), width=8),
        panel("timeseries", "Drifted", "1 while a sink holds something else than was published.", SHORT,
              target(f"max by (credential, sink, target) (tokenwarden_sink_drifted{{{WHO}}})", "{{target}}"), width=8),
        panel("timeseries", "Since the last read-back", "How old the proof is that a sink is in sync.", SECONDS,
              target(f"time() - max by (credential, sink, target) (tokenwarden_sink_last_verified_timestamp_seconds{{{WHO}}})",
                     "{{target}}"), width=8),
    ]),
    ("Agents", [
        panel("timeseries", "Memory", "Resident memory of each agent.", BYTES,
              target('process_resident_memory_bytes{job=~"$job",instance=~"$instance"}', "{{instance}}"), width=8),
        panel("timeseries", "CPU", "Of one core.", RATIO,
              target('rate(process_cpu_seconds_total{job=~"$job",instance=~"$instance"}[$__rate_interval])', "{{instance}}"), width=8),
        panel("timeseries", "Refreshes waiting", "Due renewals that no worker has taken up.", SHORT,
              target('tokenwarden_refresh_queue_length{job=~"$job",instance=~"$instance"}', "{{instance}}"), width=8),
        panel("timeseries", "Clock skew", "Local clock minus the issuer's.", SECONDS,
              target('tokenwarden_clock_skew_seconds{job=~"$job",instance=~"$instance"}', "{{instance}}"), width=8),
        panel("timeseries", "Log messages", "Events by level.", PER_SECOND,
              target('sum by (level) (rate(tokenwarden_log_messages_total{job=~"$job",instance=~"$instance"}[$__rate_interval]))',
                     "{{level}}"), width=8),
        panel("timeseries", "Configuration", "1 while the last change of the configuration was accepted.", SHORT,
              target('tokenwarden_config_last_reload_successful{job=~"$job",instance=~"$instance"}', "{{instance}}"), width=8),
    ]),
]


def variable(name, query):
    return {"type": "query", "name": name, "datasource": SOURCE, "query": {"query": query, "refId": name}, "refresh": 2,
            "includeAll": True, "multi": True, "allValue": ".+", "current": {"text": "All", "value": "$__all"}}


def place(rows):
    """Grafana's grid is 24 wide; each row begins with its title."""
    placed, y, number = [], 0, 0
    for title, panels in rows:
        number += 1
        placed.append({"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        y, x, tallest = y + 1, 0, 0
        for each in panels:
            width, height = each.pop("width"), each.pop("height")
            if x + width > 24:
                x, y, tallest = 0, y + tallest, 0
            number += 1
            placed.append({"id": number, **each, "gridPos": {"x": x, "y": y, "w": width, "h": height}})
            x, tallest = x + width, max(tallest, height)
        y += tallest
    return placed


def dashboard():
    return {
        "id": None, "uid": "tokenwarden", "title": "Tokenwarden", "tags": ["tokenwarden"], "schemaVersion": 39,
        "editable": False, "refresh": "1m", "time": {"from": "now-24h", "to": "now"}, "panels": place(ROWS),
        "templating": {"list": [
            {"type": "datasource", "name": "datasource", "query": "prometheus", "current": {}},
            variable("job", "label_values(tokenwarden_build_info, job)"),
            variable("instance", 'label_values(tokenwarden_build_info{job=~"$job"}, instance)'),
            variable("provider", 'label_values(tokenwarden_tokens{job=~"$job"}, provider)'),
        ]},
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1))
