package main

/*
#cgo pkg-config: stave

#define main crossing
#include "../crossing.c"
#undef main

static void run_loops_in_c(char *directory) {
  char *arguments[] = {"crossing", directory};
  crossing(2, arguments);
  fflush(stdout);
}
*/
import "C"

// runInC is the program in C, in this process: its reads cost more beside Go's threads, because the
// kernel then counts the users of a file.
func runInC(directory string) { C.run_loops_in_c(C.CString(directory)) }
