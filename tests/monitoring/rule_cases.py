"""When each alert fires and when it does not. Times are minutes from 0, which Prometheus' rule tests call 1970.

A case: (what it is a case of, series, {minute: {alert: [labels of each firing one]}}). Only the labels that matter are
named; `c` stands for the labels of the credential. Alerts that are not named at a minute must not fire at it."""

DAY = 24 * 60
C = 'job="tokenwarden",credential="whatsapp",provider="meta"'
POD = C + ',instance="a",pod="p1"'
c = {"job": "tokenwarden", "credential": "whatsapp", "provider": "meta"}


def at(metric, value, minutes, labels=POD):
    """A series with one sample a minute, the same value throughout."""
    return (f"{metric}{{{labels}}}", f"{value}x{minutes}")


def expiry(days, minutes, issued=0, due=None, labels=POD):
    """A token issued `issued` days after 0 that ends `days` after 0, due for renewal at day `due`."""
    series = [at("tokenwarden_token_expiry_timestamp_seconds", int(days * 86400) or 1, minutes, labels),
              at("tokenwarden_token_issued_timestamp_seconds", int(issued * 86400) or 1, minutes, labels)]
    if due is not None:
        series.append(at("tokenwarden_token_refresh_due_timestamp_seconds", int(due * 86400), minutes, labels))
    return series


def up(value, minutes):
    return [('up{job="tokenwarden",instance="a"}', f"{value}x{minutes}")]


def state(word, minutes, labels=POD):
    return [at("tokenwarden_token_state", 1, minutes, labels + f',state="{word}"'),
            at("tokenwarden_token_state", 0, minutes, labels + ',state="expired"' if word != "expired" else labels + ',state="valid"')]


def alert(severity, **labels):
    return {"severity": severity, **labels}


SINK = 'sink="vault",target="secret/whatsapp#access_token"'
sink = {"sink": "vault", "target": "secret/whatsapp#access_token"}
H = 60

CASES = [
    # ---- expiry ----
    ("a sixty-day token that is renewed in time says nothing",
     expiry(60, 3 * H, issued=0, due=46) + up(1, 3 * H), {2 * H: {}}),
    ("an expired token pages after a minute, not before",
     expiry(1 / 24, 70, issued=0), {59: {}, 65: {"TokenwardenTokenExpired": [alert("critical", **c)]}}),
    ("a token that never expires has no series and says nothing",
     [at("tokenwarden_token_info", 1, 10 * DAY, POD + ',lifetime="never"')] + up(1, 10 * DAY), {9 * DAY: {}}),
    ("an expiry of 0 is no expiry",
     [at("tokenwarden_token_expiry_timestamp_seconds", 0, 120)], {100: {}}),
    ("a one-hour token does not page for being in its last hour",
     expiry(1 / 24, 50, issued=0, due=None), {45: {}}),
    ("a one-hour token in its normal window says nothing",
     expiry(1 / 24, 50, issued=0, due=45 / 1440), {46: {}}),
    ("a thirty-day token in its last day pages",
     expiry(30, 30 * DAY, issued=0), {29 * DAY + 60: {"TokenwardenTokenExpiresSoon": [alert("critical", **c), alert("warning", **c)]}}),
    ("a thirty-day token in its last week warns after an hour",
     expiry(30, 26 * DAY, issued=0), {22 * DAY: {}, 25 * DAY: {"TokenwardenTokenExpiresSoon": [alert("warning", **c)]}}),
    ("a late but planned renewal is the operator's own choice: nothing in the last week before it is due",
     expiry(30, 30 * DAY, issued=0, due=29.9), {29 * DAY + 60: {}}),
    ("a restart changes the pod and does not start the wait anew",
     [("tokenwarden_token_expiry_timestamp_seconds{%s,instance=\"a\",pod=\"p1\"}" % C, "60x2 stale"),
      ("tokenwarden_token_expiry_timestamp_seconds{%s,instance=\"b\",pod=\"p2\"}" % C, "_x2 60x5")],
     {4: {"TokenwardenTokenExpired": [alert("critical", **c)]}}),
    # ---- renewal ----
    ("a renewal in its normal window does not page",
     expiry(30, 20 * DAY, issued=0, due=16), {16 * DAY + 60: {}}),
    ("a renewal that is a third of its window late warns",
     expiry(30, 22 * DAY, issued=0, due=16), {21 * DAY: {"TokenwardenTokenRefreshOverdue": [alert("warning", **c)]}}),
    ("a renewal that is nearly out of time pages",
     expiry(30, 28 * DAY, issued=0, due=16),
     {26 * DAY + 60: {"TokenwardenTokenRefreshOverdue": [alert("critical", **c), alert("warning", **c)],
                 "TokenwardenTokenExpiresSoon": [alert("warning", **c)]}}),
    # ---- verdicts ----
    *[(f"a {word} token pages", state(word, 30), {20: {"TokenwardenTokenRejected": [alert("critical", state=word, **c)]}})
      for word in ("revoked", "malformed", "wrong_identity")],
    *[(f"an {word} token pages", state(word, 30), {20: {"TokenwardenTokenUnfit": [alert("critical", state=word, **c)]}})
      for word in ("under_scoped", "restricted")],
    ("a valid token says nothing", state("valid", 300), {200: {}}),
    ("a credential that was never proven warns after a quarter of an hour",
     state("pending", 30), {10: {}, 20: {"TokenwardenTokenPending": [alert("warning", state="pending", **c)]}}),
    ("an outage is no verdict: an indeterminate inspection alone says nothing",
     state("valid", 60) + [at("tokenwarden_token_indeterminate", 1, 60, POD + ',reason="outage"')], {50: {}}),
    ("two days without a proof warn",
     [at("tokenwarden_token_last_check_timestamp_seconds", 1, 3 * DAY)],
     {2 * DAY - 5: {}, 2 * DAY + 90: {"TokenwardenTokenCheckStale": [alert("warning", **c)]}}),
    ("an unknown end warns after an hour",
     [at("tokenwarden_token_info", 1, 120, POD + ',lifetime="unknown"')],
     {50: {}, 90: {"TokenwardenTokenExpiryUnknown": [alert("warning", lifetime="unknown", **c)]}}),
    ("the end of data access warns a week before, the end of the token itself does not count here",
     [at("tokenwarden_token_deadline_timestamp_seconds", 10 * 86400, 5 * DAY, POD + ',reason="data_access_expiry"'),
      at("tokenwarden_token_deadline_timestamp_seconds", 10 * 86400, 5 * DAY, POD.replace("whatsapp", "other") + ',reason="access_expiry"')],
     {2 * DAY: {}, 4 * DAY: {"TokenwardenDeadlineNear": [alert("warning", reason="data_access_expiry", **c)]}}),
    ("a person who is needed is paged",
     [at("tokenwarden_operator_needed", 1, 10)], {5: {"TokenwardenOperatorNeeded": [alert("critical", **c)]}}),
    ("nobody is paged while no person is needed",
     [at("tokenwarden_operator_needed", 0, 10)], {5: {}}),
    *[(f"a rotation that stays at {word} for half an hour pages",
       [at("tokenwarden_token_rotation", 1, 60, POD + f',state="{word}"')],
       {20: {}, 40: {"TokenwardenRotationStuck": [alert("critical", state=word, **c)]}})
      for word in ("intent", "requested", "received", "candidate", "proven", "ambiguous")],
    ("a rotation that waits to settle is no stuck one",
     [at("tokenwarden_token_rotation", 1, 2 * DAY, POD + ',state="published"')], {DAY: {}}),
    # ---- sinks ----
    ("a drifted sink warns after five minutes",
     [at("tokenwarden_sink_drifted", 1, 20, POD + "," + SINK)],
     {4: {}, 10: {"TokenwardenSinkDrifted": [alert("warning", **c, **sink)]}}),
    ("a sink that holds what was published says nothing",
     [at("tokenwarden_sink_drifted", 0, 20, POD + "," + SINK), at("tokenwarden_sink_lag_generations", 0, 20, POD + "," + SINK)],
     {15: {}}),
    ("a sink that stays behind pages after a quarter of an hour",
     [at("tokenwarden_sink_lag_generations", 1, 30, POD + "," + SINK)],
     {10: {}, 20: {"TokenwardenSinkBehind": [alert("critical", **c, **sink)]}}),
    ("a sink that is not read back for a day warns",
     [at("tokenwarden_sink_last_verified_timestamp_seconds", 1, 2 * DAY, POD + "," + SINK)],
     {DAY - 5: {}, DAY + 30: {"TokenwardenSinkUnverified": [alert("warning", **c, **sink)]}}),
    ("a consumer that was not told warns",
     [('tokenwarden_notify_failures_total{job="tokenwarden",instance="a",notify="signal",reason="no_process"}', "0x5 1x20")],
     {4: {}, 10: {"TokenwardenConsumerNotTold": [alert("warning", job="tokenwarden", notify="signal", reason="no_process")]}}),
    # ---- agents ----
    ("an agent that dies while a token runs out pages though all its series are gone",
     [("tokenwarden_token_expiry_timestamp_seconds{%s}" % POD, "72000x60 stale"), ('up{job="tokenwarden",instance="a"}', "1x60 0x60")],
     {50: {}, 90: {"TokenwardenTokenExpiringUnwatched": [alert("critical", **c)],
                   "TokenwardenAgentDown": [alert("critical", job="tokenwarden", instance="a")]}}),
    ("no target at all pages", [("up{job=\"other\"}", "1x30")],
     {5: {}, 15: {"TokenwardenAgentAbsent": [alert("critical", job="tokenwarden")]}}),
    ("a short restart pages nobody", [('up{job="tokenwarden",instance="a"}', "1x10 0x2 1x20")], {11: {}, 13: {}, 25: {}}),
    ("a stalled scheduler pages",
     [('tokenwarden_scheduler_heartbeat_timestamp_seconds{job="tokenwarden",instance="a"}', "1x20")],
     {4: {}, 10: {"TokenwardenSchedulerStalled": [alert("critical", job="tokenwarden", instance="a")]}}),
    ("a store that fails pages",
     [('tokenwarden_store_errors_total{job="tokenwarden",instance="a",reason="disk_full"}', "0x5 3x20")],
     {5: {}, 12: {"TokenwardenStoreErrors": [alert("critical", job="tokenwarden", instance="a", reason="disk_full")]}}),
    ("a refused configuration warns",
     [('tokenwarden_config_last_reload_successful{job="tokenwarden",instance="a"}', "1x5 0x30")],
     {14: {}, 20: {"TokenwardenConfigReloadFailed": [alert("warning", job="tokenwarden", instance="a")]}}),
    ("a clock that is a minute slow warns, one that is five seconds off does not",
     [('tokenwarden_clock_skew_seconds{job="tokenwarden",instance="a"}', "-60x30"),
      ('tokenwarden_clock_skew_seconds{job="tokenwarden",instance="b"}', "5x30")],
     {15: {"TokenwardenClockSkew": [alert("warning", job="tokenwarden", instance="a")]}}),
    ("throttling for a quarter of an hour warns",
     [('tokenwarden_upstream_responses_total{job="tokenwarden",provider="meta",endpoint="debug_token",code="429"}', "0+1x60")],
     {10: {}, 30: {"TokenwardenRateLimited": [alert("warning", job="tokenwarden", provider="meta")]}}),
    ("an inventory that shrinks by more than a tenth warns, a smaller change does not",
     [('tokenwarden_tokens{job="tokenwarden",instance="a",provider="meta",lifetime="finite"}', "100x60 95x60 50x60")],
     {100: {}, 150: {"TokenwardenInventoryShrank": [alert("warning", job="tokenwarden")]}}),
    ("many failing renewals page",
     [('tokenwarden_refresh_attempts_total{job="tokenwarden",provider="meta"}', "0+1x600"),
      ('tokenwarden_refresh_failures_total{job="tokenwarden",provider="meta",reason="timeout"}', "0+0.5x600")],
     {400: {"TokenwardenRefreshErrorBudgetBurn": [alert("critical", job="tokenwarden", provider="meta"),
                                                  alert("warning", job="tokenwarden", provider="meta")]}}),
    ("two failures out of three attempts in an hour are too few to judge by",
     [('tokenwarden_refresh_attempts_total{job="tokenwarden",provider="meta"}', "0x30 3x60"),
      ('tokenwarden_refresh_failures_total{job="tokenwarden",provider="meta",reason="timeout"}', "0x30 2x60")],
     {40: {}, 60: {}}),
]
