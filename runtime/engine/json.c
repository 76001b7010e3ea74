/* Numbers in files of JSON, which has none for NaN and infinities: these are the texts "nan", "inf" and "-inf". */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/engine/engine.h"

json_t *rt_json_real(double value) {
	return isfinite(value) ? json_real(value) : json_string(isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

double rt_json_number(const json_t *value) {
	const char *word = json_string_value(value);
	if (word)
		return !strcmp(word, "inf") ? (double)INFINITY : !strcmp(word, "-inf") ? -(double)INFINITY : (double)NAN;
	return json_is_number(value) ? json_number_value(value) : (double)NAN;
}
