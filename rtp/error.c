/* The texts of the error list. */
#include "rtp/error.h"

const char *rtp_error_text(int error)
{
    switch (error) {
    case 0:
        return "no error";
#define X(name, number, text)                                                                      \
    case IRIS_E_##name:                                                                            \
        return text;
        IRIS_ERROR_LIST(X)
#undef X
    default:
        return "unknown error";
    }
}
