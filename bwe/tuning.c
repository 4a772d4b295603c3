/* The two sets: see the header. */
#include "bwe/tuning.h"

#define X(name, iris, gcc, about) .name = (iris),
const struct bwe_tuning bwe_tuning_iris = {BWE_TUNING_LIST(X)};
#undef X

#define X(name, iris, gcc, about) .name = (gcc),
const struct bwe_tuning bwe_tuning_gcc = {BWE_TUNING_LIST(X)};
#undef X
