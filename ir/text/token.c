/* The words of the text form: tokens, what is expected of them, and mistakes. */
#include "ir/text/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool in_word(char c) {
	return isalnum((unsigned char)c) || (c && strchr("_~'.", c));
}

static void skip_blanks(Parser *p) {
	for (;;) {
		while (isspace((unsigned char)*p->at))
			p->at++;
		if (*p->at != '#')
			return;
		while (*p->at && *p->at != '\n')
			p->at++;
	}
}

/* Digits, a fraction, an exponent. */
static const char *number_end(const char *at) {
	while (isdigit((unsigned char)*at))
		at++;
	if (*at == '.')
		for (at++; isdigit((unsigned char)*at);)
			at++;
	if (*at != 'e' && *at != 'E')
		return at;
	const char *exponent = at + 1;
	if (*exponent == '-' || *exponent == '+')
		exponent++;
	if (!isdigit((unsigned char)*exponent))
		return at;
	while (isdigit((unsigned char)*exponent))
		exponent++;
	return exponent;
}

void read_next(Parser *p) {
	skip_blanks(p);
	const char *start = p->at;
	Token token = {.text = start};
	if (p->failed || !*start) {
		p->token = (Token){.kind = T_END, .text = start};
		return;
	}
	if (isdigit((unsigned char)*start)) {
		token.kind = T_NUMBER;
		p->at = number_end(start);
	} else if (isalpha((unsigned char)*start) || *start == '_') {
		token.kind = T_WORD;
		while (in_word(*p->at))
			p->at++;
	} else if (*start == '%' && in_word(start[1])) {
		token.kind = T_VALUE;
		token.text = ++p->at;
		while (in_word(*p->at))
			p->at++;
	} else {
		token.kind = T_MARK;
		p->at += strncmp(start, "->", 2) == 0 || strncmp(start, "<=", 2) == 0 ? 2 : 1;
	}
	token.length = (uint32_t)(p->at - token.text);
	p->token = token;
}

void read_error(Parser *p, const char *format, ...) {
	if (p->failed)
		return;
	va_list args;
	va_start(args, format);
	const char *message = arena_vprintf(p->scratch, format, args);
	va_end(args);
	uint32_t start = (uint32_t)(p->token.text - p->start);
	Span span = {p->source, start, start + (p->token.length ? p->token.length : 1)};
	diag_error(p->module->session, 900, span, "tensor IR: %s", message);
	p->failed = true;
	read_next(p);
}

bool read_is(const Parser *p, const char *text) {
	return (p->token.kind == T_WORD || p->token.kind == T_MARK) && strlen(text) == p->token.length &&
	       memcmp(p->token.text, text, p->token.length) == 0;
}

bool read_take(Parser *p, const char *text) {
	if (!read_is(p, text))
		return false;
	read_next(p);
	return true;
}

void read_expect(Parser *p, const char *text) {
	if (!read_take(p, text))
		read_error(p, "`%s` is needed", text);
}

Name read_name(const Parser *p) {
	return name_intern(p->module->session->names, p->token.text, p->token.length);
}

Name read_word(Parser *p, const char *what) {
	if (p->token.kind != T_WORD) {
		read_error(p, "%s is needed", what);
		return 0;
	}
	Name name = read_name(p);
	read_next(p);
	return name;
}

int64_t read_integer(Parser *p) {
	bool negative = read_take(p, "-");
	if (p->token.kind != T_NUMBER) {
		read_error(p, "an integer is needed");
		return 0;
	}
	char text[32] = {negative ? '-' : '+'};
	char *end = text;
	errno = 0;
	long long value = 0;
	if (p->token.length < sizeof text - 1) {
		memcpy(text + 1, p->token.text, p->token.length);
		value = strtoll(text, &end, 10);
	}
	if (*end || end == text || errno)
		read_error(p, "this is not an integer of 64 bits");
	read_next(p);
	return value;
}

IrDim read_dim(Parser *p) {
	if (p->token.kind == T_NUMBER)
		return read_integer(p);
	Name name = read_word(p, "an extent");
	return p->failed ? 0 : ir_symbol(p->func, session_text(p->module->session, name));
}

IrScalar read_scalar_name(Parser *p, bool *found) {
	*found = true;
	for (int i = IR_BOOL; i <= IR_F64; i++)
		if (read_take(p, ir_scalar_name((IrScalar)i)))
			return (IrScalar)i;
	*found = false;
	return IR_F64;
}
