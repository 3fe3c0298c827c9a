/* The driver interface of a container engine; engine.c forwards every call. */
#ifndef ENGINE_ENGINE_DRIVER_H
#define ENGINE_ENGINE_DRIVER_H

#include "engine/engine.h"

struct engine_driver {
	void (*create)(struct engine *eng, const struct container_spec *spec,
		       engine_done *done, void *data);
	void (*start)(struct engine *eng, const char *name, engine_done *done,
		      void *data);
	void (*stop)(struct engine *eng, const char *name, int grace_s,
		     engine_done *done, void *data);
	void (*remove)(struct engine *eng, const char *name, engine_done *done,
		       void *data);
	void (*remove_volume)(struct engine *eng, const char *name,
			      engine_done *done, void *data);
	void (*inspect)(struct engine *eng, const char *name,
			engine_state_done *done, void *data);
	void (*boost)(struct engine *eng, const char *name, bool boosted,
		      engine_done *done, void *data);
	void (*list)(struct engine *eng, const char *instance,
		     engine_list_done *done, void *data);
	void (*places)(struct engine *eng, const char *instance,
		       engine_places_done *done, void *data);
	void (*image)(struct engine *eng, const char *tag,
		      engine_state_done *done, void *data);
	struct engine_stream *(*exec)(struct engine *eng, const char *name,
				      const char *const *argv,
				      const struct engine_stream_events *ev,
				      void *data);
	int (*write)(struct engine_stream *s, const void *bytes, size_t n,
		     struct err *e);
	size_t (*unsent)(const struct engine_stream *s);
	void (*on_drain)(struct engine_stream *s, void (*drained)(void *data));
	void (*pause)(struct engine_stream *s);
	void (*resume)(struct engine_stream *s);
	void (*close)(struct engine_stream *s);
};

/* The first member of a driver's own structs. */
struct engine {
	const struct engine_driver *driver;
};

struct engine_stream {
	const struct engine_driver *driver;
};

#endif
