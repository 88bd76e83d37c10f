// tokenwarden-metrics-doc: prints docs/metrics.md.
#include <cstdio>

#include "agent/adapters/metrics/catalog.h"

int main() {
  const std::string text = tokenwarden::metrics::RenderDocumentation();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
