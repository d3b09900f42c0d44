/* SPDX-License-Identifier: MIT */
/* What the bytes of a finished request are. The numbers stand in spools: they never change. */
#ifndef PT_EXPORT_FORMATS_H
#define PT_EXPORT_FORMATS_H

enum pt_format {
	PT_FORMAT_WRITE_1 = 1,  /* remote write 1.0, compressed */
	PT_FORMAT_WRITE_2 = 2,  /* remote write 2.0, compressed */
	PT_FORMAT_METADATA = 3, /* remote write 1.0, compressed; families without samples */
	PT_FORMAT_TEXT = 4,     /* text 0.0.4 to a Pushgateway */
	PT_FORMAT_PROTOBUF = 5, /* delimited protobuf to a Pushgateway */
	PT_FORMAT_EMPTY = 6,    /* empties a Pushgateway's group; no body */
	PT_FORMAT_DELETE = 7    /* deletes a Pushgateway's group; no body */
};

#endif
