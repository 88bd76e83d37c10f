#include "agent/adapters/system/memory.h"

#include <link.h>
#include <malloc.h>
#include <nss.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace tokenwarden::sys {
namespace {

int DropReadOnlySegments(dl_phdr_info* info, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    const std::uintptr_t first = (start + page - 1) & ~(page - 1);
    const std::uintptr_t last = (start + segment.p_memsz) & ~(page - 1);
    // An address of the program's own, as the loader gives it.
    void* const pages = reinterpret_cast<void*>(first);  // NOLINT(performance-no-int-to-ptr)
    // Only a hint: a kernel that refuses keeps the pages, and nothing is lost.
    if (last > first) madvise(pages, last - first, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void ReleaseUnusedMemory() {
  malloc_trim(0);
  dl_iterate_phdr(DropReadOnlySegments, nullptr);
}

void PreferLittleMemory() {
  mallopt(M_ARENA_MAX, 1);
  // The defaults; setting them keeps glibc from raising them when a large piece was freed once.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_TRIM_THRESHOLD, 128 * 1024);
}

void ResolveHostsWithoutModules() {
#ifdef TOKENWARDEN_STATIC
  __nss_configure_lookup("hosts", "files dns");
#endif
}

}  // namespace tokenwarden::sys
