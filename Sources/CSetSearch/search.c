#include "CSetSearch.h"
