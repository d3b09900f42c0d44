#ifndef PT_SPOOL_FILES_H
#define PT_SPOOL_FILES_H
struct pt_files;
const struct pt_files *pt_files_real(void);
#endif
