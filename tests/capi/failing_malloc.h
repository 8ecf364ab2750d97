/* The functions of malloc, in the program itself, so that the library and the C++ runtime beneath
 * it use them too; any one allocation can be made to fail. */
#pragma once

#include <stdatomic.h>

extern atomic_long blocks;      /* allocated and not freed */
extern atomic_long allocations; /* since they were last set to 0 */
extern atomic_long failing;     /* the number of the allocation that fails; -1: none */
extern atomic_int failing_on;   /* 1: so do all that follow it */
