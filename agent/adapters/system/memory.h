// What a statically linked, long-living program does about memory and names.
#pragma once

namespace tokenwarden::sys {

// Gives back what only the start needed: free heap, and the read-only pages of the program, which
// the kernel reads from the file again when they are used. Measured: a third to a half of the
// resident size of an idle agent. Harmless at any time; worth a call after the start and after
// loading a large configuration.
void ReleaseUnusedMemory();

// One heap for all threads, and large pieces that go back to the system when they are freed. Our
// threads wait for issuers and disks, not for each other's memory. Call before any thread starts.
void PreferLittleMemory();

// In a static program glibc would load name-service modules of whatever version the machine has;
// this keeps host names to /etc/hosts and DNS, which are linked in. Does nothing in a shared one.
// Call before any look-up.
void ResolveHostsWithoutModules();

}  // namespace tokenwarden::sys
