// Small parts that several renderings share. Pure.
#pragma once

#include <string>
#include <string_view>

#include "agent/core/result.h"
#include "agent/core/time.h"
#include "cli/render/json_writer.h"

namespace tokenwarden::cli {

// Outside text on one line and without terminal control: control characters become spaces.
std::string OneLine(std::string_view text);

// Two sentences, or, when the second begins in lower case, two halves of one; empty ones left out.
std::string Sentences(std::string_view first, std::string_view second);

// `in 3 days 2 hours (2026-11-23T12:00:00Z)`, `1 day 2 hours ago (…)`.
std::string Relative(Instant at, Instant now);

// `error: …` and `do now: …`, for standard error.
std::string RenderErrorText(const Error& error);

// The member `error` of an object.
void WriteError(JsonWriter& json, const Error& error);

// A whole answer of a command other than `check` that failed: `tokenwarden.error/v1`.
std::string RenderErrorJson(const Error& error, int exit_code);

// `2 tokens`, `1 token`.
std::string Counted(std::size_t count, std::string_view singular);

}  // namespace tokenwarden::cli
