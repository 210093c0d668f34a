"""One thin function per system call that has no good binding, under its kernel name.

Owns: system calls and their constants, starting programs (`process`), cgroup v1, v2 and hybrid behind one
interface (`cgroup`). Never: policy, logging, decisions. Called by every room on the engine's side that
touches the kernel.
"""
