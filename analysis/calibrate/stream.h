// SPDX-License-Identifier: GPL-3.0-or-later
/* Purposes of a calibration's own random draws (sim/rng.h), apart from those of the model and of designs.
 *
 * replication: the generation or round; entity: the particle, point or draw in it. What a draw is does not depend on
 * threads or on how often the calibration was interrupted. */
#ifndef ANA_CALIBRATE_STREAM_H
#define ANA_CALIBRATE_STREAM_H

enum ana_stream {
    ANA_STREAM_SCREEN = 2000, /* entity: simulation */
    ANA_STREAM_PRIOR,         /* entity: particle */
    ANA_STREAM_MOVE,          /* replication: generation; entity: particle */
    ANA_STREAM_RESAMPLE,
    ANA_STREAM_SHUFFLE,   /* entity: parameter */
    ANA_STREAM_CANDIDATE, /* replication: round; entity: candidate */
    ANA_STREAM_NORMAL     /* entity: draw of the normal approximation */
};

#endif
