/* Event files as TensorBoard reads them: TFRecords of Event messages, in the wire format of protocol buffers.
 * A record: length, its checksum, the message, its checksum; all numbers little-endian, checksums CRC-32C, masked.
 * Source: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto. */
#include <string.h>

#include "runtime/report/report.h"

/* Fields of the messages, with their wire types: 0 varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes. */
enum {
	EVENT_WALL_TIME = 1 << 3 | 1,
	EVENT_STEP = 2 << 3 | 0,
	EVENT_FILE_VERSION = 3 << 3 | 2,
	EVENT_SUMMARY = 5 << 3 | 2,
	SUMMARY_VALUE = 1 << 3 | 2,
	VALUE_TAG = 1 << 3 | 2,
	VALUE_SIMPLE = 2 << 3 | 5
};

static uint32_t crc32c(const char *bytes, size_t length) {
	uint32_t crc = 0xffffffffU;
	for (size_t i = 0; i < length; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78U : 0); /* the polynomial of Castagnoli, reversed */
	}
	return ~crc;
}

static uint32_t masked(uint32_t crc) {
	return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

static void put_little(Text *out, uint64_t value, int bytes) {
	for (int i = 0; i < bytes; i++)
		text_char(out, (char)(value >> (8 * i) & 0xff));
}

static void put_varint(Text *out, uint64_t value) {
	for (; value >= 0x80; value >>= 7)
		text_char(out, (char)((value & 0x7f) | 0x80));
	text_char(out, (char)value);
}

static void put_bytes(Text *out, int field, const char *bytes, size_t length) {
	put_varint(out, (uint64_t)field);
	put_varint(out, length);
	text_bytes(out, bytes, length);
}

static void put_record(Text *out, const Text *message) {
	size_t start = out->length;
	put_little(out, message->length, 8);
	put_little(out, masked(crc32c(out->data + start, 8)), 4);
	text_bytes(out, message->data, message->length);
	put_little(out, masked(crc32c(message->data, message->length)), 4);
}

static void put_time(Text *message, double time) {
	uint64_t bits;
	memcpy(&bits, &time, sizeof bits);
	put_varint(message, EVENT_WALL_TIME);
	put_little(message, bits, 8);
}

void report_events_begin(Text *out, double time) {
	static const char version[] = "brain.Event:2";
	Text message = text_new(out->arena);
	put_time(&message, time);
	put_bytes(&message, EVENT_FILE_VERSION, version, sizeof version - 1);
	put_record(out, &message);
}

void report_event(Text *out, double time, int64_t step, const char *tag, double value) {
	float single = (float)value;
	uint32_t bits;
	memcpy(&bits, &single, sizeof bits);
	Text of_value = text_new(out->arena), summary = text_new(out->arena), message = text_new(out->arena);
	put_bytes(&of_value, VALUE_TAG, tag, strlen(tag));
	put_varint(&of_value, VALUE_SIMPLE);
	put_little(&of_value, bits, 4);
	put_bytes(&summary, SUMMARY_VALUE, of_value.data, of_value.length);
	put_time(&message, time);
	put_varint(&message, EVENT_STEP);
	put_varint(&message, (uint64_t)step);
	put_bytes(&message, EVENT_SUMMARY, summary.data, summary.length);
	put_record(out, &message);
}
