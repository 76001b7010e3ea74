/* lexer: from bytes to tokens. Whatever can be understood although it is wrong (`**`, `1.`, `≤`) is reported and read
 * on as what was meant, so that one slip costs one message. */
#include <stdlib.h>
#include <string.h>

#include "frontend/syntax/parser.h"

typedef struct Lexer {
	Session *session;
	const Source *source;
	uint32_t file;
	uint32_t at;
	bool line_start;   /* the next token is the first of its line */
	bool after_error;  /* something was dropped before the next token */
	bool bad_encoding; /* reported once a file */
	Tokens *tokens;
	AstComments *comments;
} Lexer;

static Span span_of(const Lexer *lexer, uint32_t start, uint32_t end) {
	return (Span){.file = lexer->file, .start = start, .end = end};
}

/* The byte `ahead` of the current one; 0 behind the end. */
static unsigned char byte_at(const Lexer *lexer, uint32_t ahead) {
	uint32_t at = lexer->at + ahead;
	return at < lexer->source->length ? (unsigned char)lexer->source->text[at] : 0;
}

static bool is_digit(unsigned char c) {
	return c >= '0' && c <= '9';
}

static bool is_letter(unsigned char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Decodes the UTF-8 character at `at`; sets its length in bytes. -1 (and length 1) if it is none. */
static int32_t decode(const Source *source, uint32_t at, uint32_t *length) {
	const unsigned char *bytes = (const unsigned char *)source->text + at;
	uint32_t left = source->length - at;
	uint32_t count = bytes[0] < 0x80 ? 1 : bytes[0] < 0xc2 ? 0 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	*length = 1;
	if (count == 0 || bytes[0] > 0xf4 || count > left)
		return -1;
	int32_t code = count == 1 ? bytes[0] : bytes[0] & (0xff >> (count + 1));
	for (uint32_t k = 1; k < count; k++) {
		if ((bytes[k] & 0xc0) != 0x80)
			return -1;
		code = code << 6 | (bytes[k] & 0x3f);
	}
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (code < least[count] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return -1;
	*length = count;
	return code;
}

static bool is_greek(int32_t code) {
	if (code < 0x370 || code > 0x3ff)
		return false;
	/* Not letters: signs, accents standing alone, the Greek question mark, and places without a character. */
	static const int32_t others[] = {0x374, 0x375, 0x378, 0x379, 0x37a, 0x37e, 0x380, 0x381, 0x382,
	                                 0x383, 0x384, 0x385, 0x387, 0x38b, 0x38d, 0x3a2, 0x3f6};
	for (size_t k = 0; k < sizeof others / sizeof *others; k++)
		if (code == others[k])
			return false;
	return true;
}

/* Length in bytes of the letter at the current place, 0 if there is none. */
static uint32_t letter_length(const Lexer *lexer) {
	unsigned char c = byte_at(lexer, 0);
	if (c < 0x80)
		return is_letter(c) ? 1 : 0;
	uint32_t length;
	int32_t code = decode(lexer->source, lexer->at, &length);
	return is_greek(code) ? length : 0;
}

static Token *push(Lexer *lexer, TokenKind kind, uint32_t start) {
	Token token = {.kind = kind,
	               .start = start,
	               .end = lexer->at,
	               .line_start = lexer->line_start,
	               .comments = lexer->comments->count,
	               .after_error = lexer->after_error};
	lexer->line_start = lexer->after_error = false;
	vec_push(lexer->session->arena, lexer->tokens, token);
	return &lexer->tokens->data[lexer->tokens->count - 1];
}

static void lex_name(Lexer *lexer) {
	uint32_t start = lexer->at;
	for (;;) {
		uint32_t length = letter_length(lexer);
		if (length == 0 && is_digit(byte_at(lexer, 0)))
			length = 1;
		if (length == 0)
			break;
		lexer->at += length;
	}
	while (byte_at(lexer, 0) == '\'')
		lexer->at++;
	static const struct {
		const char *word;
		TokenKind kind;
	} reserved[] = {{"and", TOKEN_AND},   {"or", TOKEN_OR},     {"not", TOKEN_NOT},   {"if", TOKEN_IF},
	                {"then", TOKEN_THEN}, {"else", TOKEN_ELSE}, {"true", TOKEN_TRUE}, {"false", TOKEN_FALSE}};
	const char *text = lexer->source->text + start;
	uint32_t length = lexer->at - start;
	TokenKind kind = TOKEN_NAME;
	for (size_t k = 0; k < sizeof reserved / sizeof *reserved; k++)
		if (strlen(reserved[k].word) == length && memcmp(reserved[k].word, text, length) == 0)
			kind = reserved[k].kind;
	push(lexer, kind, start)->name = name_intern(lexer->session->names, text, length);
}

/* Skips what runs on behind a number: `2x`, `1.5.2`, `0x1f`. */
static void skip_number_tail(Lexer *lexer) {
	for (;;) {
		uint32_t length = letter_length(lexer);
		if (length == 0 && is_digit(byte_at(lexer, 0)))
			length = 1;
		if (length == 0 && byte_at(lexer, 0) == '.' && is_digit(byte_at(lexer, 1)))
			length = 2;
		if (length == 0)
			return;
		lexer->at += length;
	}
}

/* What to suggest for a number that went wrong: `body` ends where the well-formed part does. */
static void number_help(Lexer *lexer, Diag *diag, uint32_t start, uint32_t body) {
	Session *session = lexer->session;
	const char *text = lexer->source->text + start;
	int whole = (int)(body - start), tail = (int)(lexer->at - body);
	const char *rest = text + whole;
	if (text[0] == '.')
		diag_help(session, diag, "write `0%.*s`", whole + tail, text);
	else if (rest[0] == '.' && tail == 1)
		diag_help(session, diag, "write `%.*s.0` or `%.*s`", whole, text, whole, text);
	else if (rest[0] == '.' && tail == 2 && strchr("fFd", rest[1]))
		diag_help(session, diag, "write `%.*s.0`: numbers take no suffix", whole, text);
	else if (rest[0] == '.' && (rest[1] == 'e' || rest[1] == 'E'))
		diag_help(session, diag, "write `%.*s%.*s`", whole, text, tail - 1, rest + 1);
	else if (rest[0] == '.')
		diag_help(session, diag, "a number has one point");
	else if (text[0] == '0' && whole == 1 && (rest[0] == 'x' || rest[0] == 'b' || rest[0] == 'o'))
		diag_help(session, diag, "numbers are decimal");
	else if (rest[0] == '_')
		diag_help(session, diag, "digits are written without separators; `1e6` is a million");
	else if (rest[0] == 'e' || rest[0] == 'E')
		diag_help(session, diag, "an exponent needs digits, such as `1e-3`");
	else if (tail == 1 && (rest[0] == 'f' || rest[0] == 'F' || rest[0] == 'd'))
		diag_help(session, diag, "numbers take no suffix; the precision is chosen with --precision");
	else
		diag_help(session, diag, "for a product write `%.*s * %.*s`; names start with a letter", whole, text, tail,
		          rest);
}

/* `f` of `1.f` */
static bool is_suffix(Lexer *lexer) {
	unsigned char c = byte_at(lexer, 0), next = byte_at(lexer, 1);
	return (c == 'f' || c == 'F' || c == 'd') && !is_letter(next) && !is_digit(next) && next != '(' && next < 0x80;
}

static void lex_number(Lexer *lexer) {
	uint32_t start = lexer->at;
	bool good = is_digit(byte_at(lexer, 0));
	while (is_digit(byte_at(lexer, 0)))
		lexer->at++;
	uint32_t body = lexer->at;
	if (byte_at(lexer, 0) == '.' && is_digit(byte_at(lexer, 1))) {
		lexer->at++;
		while (is_digit(byte_at(lexer, 0)))
			lexer->at++;
		body = lexer->at;
	} else if (byte_at(lexer, 0) == '.' && byte_at(lexer, 1) != '.') {
		/* `1.` and `1.e5`; but `x[0].y` is somebody who wants a member, which the parser explains */
		uint32_t after = lexer->at + 1;
		lexer->at = after;
		bool member =
			letter_length(lexer) != 0 && byte_at(lexer, 0) != 'e' && byte_at(lexer, 0) != 'E' && !is_suffix(lexer);
		if (member)
			lexer->at = body;
		else
			good = false;
	}
	unsigned char e = byte_at(lexer, 0);
	if (e == 'e' || e == 'E') {
		uint32_t sign = byte_at(lexer, 1) == '+' || byte_at(lexer, 1) == '-';
		if (is_digit(byte_at(lexer, 1 + sign))) {
			lexer->at += 1 + sign;
			while (is_digit(byte_at(lexer, 0)))
				lexer->at++;
			if (good)
				body = lexer->at;
		}
	}
	uint32_t end = lexer->at;
	skip_number_tail(lexer);
	if (lexer->at != end)
		good = false;
	if (!good) {
		Diag *diag = diag_error(lexer->session, 103, span_of(lexer, start, lexer->at), "`%.*s` is not a number",
		                        (int)(lexer->at - start), lexer->source->text + start);
		number_help(lexer, diag, start, body);
		lexer->after_error = true;
	}
	push(lexer, TOKEN_NUMBER, start);
}

static void lex_text(Lexer *lexer, unsigned char quote) {
	uint32_t start = lexer->at++;
	while (lexer->at < lexer->source->length && byte_at(lexer, 0) != quote && byte_at(lexer, 0) != '\n')
		lexer->at++;
	if (byte_at(lexer, 0) != quote) {
		Diag *diag = diag_error(lexer->session, 105, span_of(lexer, start, lexer->at), "this text has no end");
		diag_help(lexer->session, diag, "close it with `\"` on the same line");
		push(lexer, TOKEN_TEXT, start);
		return;
	}
	lexer->at++;
	if (memchr(lexer->source->text + start, '\0', lexer->at - start))
		diag_error(lexer->session, 102, span_of(lexer, start, lexer->at), "there is a NUL in this text");
	if (quote != '"') {
		Diag *diag = diag_error(lexer->session, 102, span_of(lexer, start, lexer->at), "texts stand in double quotes");
		diag_help(lexer->session, diag, "write `\"%.*s\"`", (int)(lexer->at - start - 2),
		          lexer->source->text + start + 1);
	}
	push(lexer, TOKEN_TEXT, start);
}

/* Operators, longest first. Foreign ones say what is meant, and are read as `kind`. */
static const struct Operator {
	const char *text;
	TokenKind kind;
	const char *help; /* NULL for our own */
} operators[] = {
	{"**", TOKEN_CARET, "powers are written `x^2`"},
	{"&&", TOKEN_AND, "write `and`"},
	{"||", TOKEN_OR, "write `or`"},
	{"===", TOKEN_EQ, "write `==`"},
	{"!==", TOKEN_NE, "write `!=`"},
	{":=", TOKEN_ARROW, "`let x = e` declares, `x <- e` assigns"},
	{"=>", TOKEN_GE, "at least is written `>=`; functions are declared at the top level: `fn name(x) = ...`"},
	{"=<", TOKEN_LE, "at most is written `<=`"},
	{"<>", TOKEN_NE, "write `!=`"},
	{"->", TOKEN_ARROW,
     "an assignment points to the left, `x <- e`; functions are declared at the top level: `fn name(x) = ...`"},
	{"~=", TOKEN_NE, "write `!=`"},
	{"..=", TOKEN_DOTDOT, "write `a..b + 1`: the end does not belong to a range"},
	{"...", TOKEN_DOTDOT, "a range is written `a..b`, and its end does not belong to it"},
	{"..<", TOKEN_DOTDOT, "write `a..b`: the end does not belong to a range"},
	{"..", TOKEN_DOTDOT, NULL},
	{".*", TOKEN_STAR, "write `*`: operators work element by element, `@` multiplies matrices"},
	{"./", TOKEN_SLASH, "write `/`: operators work element by element"},
	{".^", TOKEN_CARET, "write `^`: operators work element by element"},
	{".+", TOKEN_PLUS, "write `+`: operators work element by element"},
	{".-", TOKEN_MINUS, "write `-`: operators work element by element"},
	{"<-", TOKEN_ARROW, NULL},
	{"//", TOKEN_SLASHSLASH, NULL},
	{"<=", TOKEN_LE, NULL},
	{">=", TOKEN_GE, NULL},
	{"==", TOKEN_EQ, NULL},
	{"!=", TOKEN_NE, NULL},
	{"+=", TOKEN_OP_EQUALS, NULL},
	{"-=", TOKEN_OP_EQUALS, NULL},
	{"*=", TOKEN_OP_EQUALS, NULL},
	{"/=", TOKEN_OP_EQUALS, NULL},
	{"^=", TOKEN_OP_EQUALS, NULL},
	{"(", TOKEN_LPAREN, NULL},
	{")", TOKEN_RPAREN, NULL},
	{"[", TOKEN_LBRACKET, NULL},
	{"]", TOKEN_RBRACKET, NULL},
	{"{", TOKEN_LBRACE, NULL},
	{"}", TOKEN_RBRACE, NULL},
	{",", TOKEN_COMMA, NULL},
	{":", TOKEN_COLON, NULL},
	{".", TOKEN_DOT, NULL},
	{"~", TOKEN_TILDE, NULL},
	{"=", TOKEN_EQUALS, NULL},
	{"+", TOKEN_PLUS, NULL},
	{"-", TOKEN_MINUS, NULL},
	{"*", TOKEN_STAR, NULL},
	{"/", TOKEN_SLASH, NULL},
	{"%", TOKEN_PERCENT, NULL},
	{"^", TOKEN_CARET, NULL},
	{"@", TOKEN_AT, NULL},
	{"<", TOKEN_LT, NULL},
	{">", TOKEN_GT, NULL},
	{"!", TOKEN_NOT, "write `not`"},
	{"\xc3\x97", TOKEN_STAR, "products are written `a * b`"},     /* multiplication sign */
	{"\xc2\xb7", TOKEN_STAR, "products are written `a * b`"},     /* middle dot */
	{"\xe2\x8b\x85", TOKEN_STAR, "products are written `a * b`"}, /* dot operator */
	{"\xc3\xb7", TOKEN_SLASH, "quotients are written `a / b`"},   /* division sign */
	{"\xe2\x88\x92", TOKEN_MINUS, "write a plain `-`"},           /* minus sign */
	{"\xe2\x80\x93", TOKEN_MINUS, "write a plain `-`"},           /* en dash */
	{"\xe2\x89\xa4", TOKEN_LE, "write `<=`"},                     /* less than or equal */
	{"\xe2\x89\xa5", TOKEN_GE, "write `>=`"},                     /* greater than or equal */
	{"\xe2\x89\xa0", TOKEN_NE, "write `!=`"},                     /* not equal */
	{"\xe2\x86\x90", TOKEN_ARROW, "write `<-`"},                  /* arrow to the left */
	{"\xe2\x88\xa7", TOKEN_AND, "write `and`"},                   /* logical and */
	{"\xe2\x88\xa8", TOKEN_OR, "write `or`"},                     /* logical or */
	{"\xc2\xac", TOKEN_NOT, "write `not`"},                       /* not */
};

static bool lex_operator(Lexer *lexer) {
	const char *text = lexer->source->text + lexer->at;
	uint32_t left = lexer->source->length - lexer->at;
	for (size_t k = 0; k < sizeof operators / sizeof *operators; k++) {
		uint32_t length = (uint32_t)strlen(operators[k].text);
		if (length > left || memcmp(operators[k].text, text, length) != 0)
			continue;
		uint32_t start = lexer->at;
		lexer->at += length;
		if (operators[k].help != NULL) {
			Diag *diag = diag_error(lexer->session, 107, span_of(lexer, start, lexer->at),
			                        "`%s` is not an operator of this language", operators[k].text);
			diag_help(lexer->session, diag, "%s", operators[k].help);
		}
		push(lexer, operators[k].kind, start);
		return true;
	}
	return false;
}

/* What to write for a character that nothing uses. */
static const char *stray_help(int32_t code) {
	static const struct {
		int32_t code;
		const char *help;
	} known[] = {
		{'?', "a choice is written `if c then a else b`"},
		{'\\',
	     "a line goes on by itself after an operator, a comma, and inside parentheses; `A \\ b` is `solve(A, b)`"},
		{'&', "write `and`"},
		{'|', "write `or`; the magnitude of a number is `abs(a)`"},
		{0xa0, "this is a no-break space: replace it with a plain one"},
		{0xb2, "powers are written `x^2`"},
		{0xb3, "powers are written `x^3`"},
		{0xb5, "this is the micro sign: write the Greek letter `μ`"},
		{0x201c, "texts stand in plain double quotes"},
		{0x201d, "texts stand in plain double quotes"},
		{0x2202, "a derivative is written `grad(E, v)`"},
		{0x2207, "a gradient is written `grad(E, v)`; in an optimizer it is `g`"},
		{0x220f, "a product is written `prod[i](...)`"},
		{0x2211, "a sum is written `sum[i](...)`"},
		{0x221a, "a root is written `sqrt(a)`"},
		{0x221e, "write `inf`"},
	};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		if (known[k].code == code)
			return known[k].help;
	return code >= 0x80 ? "names are made of Latin and Greek letters, digits and `_`" : NULL;
}

/* Reports the characters here that nothing uses, a run of them at once. */
static void skip_strays(Lexer *lexer) {
	Session *session = lexer->session;
	lexer->after_error = true;
	uint32_t start = lexer->at, length;
	int32_t code = decode(lexer->source, start, &length);
	lexer->at += length;
	Span first = span_of(lexer, start, lexer->at);
	if (code < 0) {
		if (!lexer->bad_encoding)
			diag_error(session, 106, first, "this file is not UTF-8 text (byte 0x%02x)",
			           (unsigned)(unsigned char)lexer->source->text[start]);
		lexer->bad_encoding = true;
		return;
	}
	while (byte_at(lexer, 0) >= 0x80 && letter_length(lexer) == 0) {
		int32_t next = decode(lexer->source, lexer->at, &length);
		if (next < 0 || next == 0x201c)
			break;
		lexer->at += length;
	}
	Diag *diag;
	if (code < 0x20 || code == 0x7f)
		diag = diag_error(session, 102, first, "a control character (0x%02x) stands here", (unsigned)code);
	else
		diag = diag_error(session, 102, span_of(lexer, start, lexer->at), "`%.*s` means nothing here",
		                  (int)(lexer->at - start), lexer->source->text + start);
	const char *help = stray_help(code);
	if (help)
		diag_help(session, diag, "%s", help);
}

/* A text in the quotes of printed pages, as it is copied from one: reported, and read as a text in plain ones. */
static bool lex_printed_text(Lexer *lexer) {
	static const char open[] = "\xe2\x80\x9c", close[] = "\xe2\x80\x9d"; /* left and right double quotation marks */
	const char *text = lexer->source->text + lexer->at;
	size_t line = strcspn(text, "\n");
	const char *end = strncmp(text, open, 3) == 0 ? strstr(text + 3, close) : NULL;
	if (end == NULL || (size_t)(end - text) >= line)
		return false;
	uint32_t start = lexer->at;
	lexer->at += (uint32_t)(end - text) + 3;
	Diag *diag =
		diag_error(lexer->session, 102, span_of(lexer, start, lexer->at), "texts stand in plain double quotes");
	diag_help(lexer->session, diag, "write `\"%.*s\"`", (int)(end - text) - 3, text + 3);
	Token *token = push(lexer, TOKEN_TEXT, start);
	token->start += 2; /* one byte before the text, and one behind it */
	token->end -= 2;
	return true;
}

/* Skips blanks and comments; notes line ends. */
static void skip_blanks(Lexer *lexer) {
	for (; lexer->at < lexer->source->length; lexer->at++) {
		unsigned char c = byte_at(lexer, 0);
		if (c == '\n') {
			lexer->line_start = true;
		} else if (c == '#') {
			uint32_t start = lexer->at;
			while (lexer->at + 1 < lexer->source->length && byte_at(lexer, 1) != '\n')
				lexer->at++;
			vec_push(lexer->session->arena, lexer->comments, span_of(lexer, start, lexer->at + 1));
		} else if (c != ' ' && c != '\t' && c != '\r') {
			return;
		}
	}
}

/* A comment in the manner of C, reported and skipped. */
static void skip_foreign_comment(Lexer *lexer) {
	uint32_t start = lexer->at;
	const char *end = strstr(lexer->source->text + start + 2, "*/");
	lexer->at = end == NULL ? lexer->source->length : (uint32_t)(end - lexer->source->text) + 2;
	Diag *diag = diag_error(lexer->session, 107, span_of(lexer, start, start + 2), "`/*` does not open a comment");
	diag_help(lexer->session, diag, "comments start with `#` and end with the line");
	for (uint32_t k = start; k < lexer->at; k++)
		if (lexer->source->text[k] == '\n')
			lexer->line_start = true;
}

static void lex_semicolon(Lexer *lexer) {
	Span span = span_of(lexer, lexer->at, lexer->at + 1);
	lexer->at++;
	skip_blanks(lexer);
	bool at_end = lexer->line_start || lexer->at == lexer->source->length;
	Diag *diag = diag_error(lexer->session, 107, span, "`;` is not used in this language");
	diag_help(lexer->session, diag,
	          at_end ? "the end of the line ends the statement: leave it out"
	                 : "give each statement a line of its own");
	lexer->line_start = true;
}

void lex_source(Session *session, uint32_t source, Tokens *tokens, AstComments *comments) {
	Lexer lexer = {.session = session, .source = session->sources.data[source], .file = source, .line_start = true};
	lexer.tokens = tokens;
	lexer.comments = comments;
	uint32_t errors_before = session->error_count;
	const char *text = lexer.source->text;
	if (lexer.source->length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		lexer.at = 3;
	if (lexer.source->length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
		Diag *diag = diag_error(session, 106, span_of(&lexer, 0, 0), "this file is text in UTF-16, not in UTF-8");
		diag_help(session, diag, "save it as UTF-8");
		lexer.at = lexer.source->length;
	}
	for (;;) {
		skip_blanks(&lexer);
		if (lexer.at >= lexer.source->length || !lex_may_report(session, errors_before))
			break;
		unsigned char c = byte_at(&lexer, 0);
		if (letter_length(&lexer) != 0)
			lex_name(&lexer);
		else if (is_digit(c) || (c == '.' && is_digit(byte_at(&lexer, 1))))
			lex_number(&lexer);
		else if (c == '"' || c == '\'')
			lex_text(&lexer, c);
		else if (c == ';')
			lex_semicolon(&lexer);
		else if (c == '/' && byte_at(&lexer, 1) == '*')
			skip_foreign_comment(&lexer);
		else if (lex_printed_text(&lexer))
			continue;
		else if (!lex_operator(&lexer))
			skip_strays(&lexer);
	}
	lexer.line_start = true;
	/* What is full of such errors is no program: nothing can be said about the rest. */
	if (!lex_may_report(session, errors_before))
		tokens->count = 0;
	push(&lexer, TOKEN_END, lexer.at);
}

bool lex_is_word(const Source *source, const Token *token, const char *word) {
	size_t length = token->end - token->start;
	return token->kind == TOKEN_NAME && strlen(word) == length &&
	       memcmp(source->text + token->start, word, length) == 0;
}

bool lex_opens_declaration(const Source *source, const Token *tokens, uint32_t at) {
	const Token *token = &tokens[at];
	if (token->kind != TOKEN_NAME || !token->line_start || tokens[at + 1].line_start)
		return false;
	if (lex_is_word(source, token, "import"))
		return tokens[at + 1].kind == TOKEN_TEXT;
	static const char *const words[] = {"const", "fn", "objective", "optimizer", "experiment", "joint"};
	for (size_t k = 0; k < sizeof words / sizeof *words; k++)
		if (lex_is_word(source, token, words[k]))
			return tokens[at + 1].kind == TOKEN_NAME;
	return false;
}

bool lex_may_report(const Session *session, uint32_t errors_before) {
	return session->error_count - errors_before < PARSE_MAX_ERRORS;
}
