// One graph that holds every op.
#pragma once

#include "network/builder.h"

namespace embedmask::testing {

inline network::Graph every_op() {
    using network::Grid;
    network::Builder b;
    b.declare_conv("a", 3, 16, 3, true, {});
    b.declare_group_norm("a.norm", 16);
    b.declare_conv("b", 16, 8, 1, false, {});
    b.declare_frozen_batch_norm("b.norm", 8);
    b.declare_conv("c", 8, 8, 3, false, {});
    b.declare_batch_norm("c.norm", 8);
    b.declare_conv("d", 8, 4, 3, true, {});
    b.declare_conv("e", 8, 2, 3, true, {});
    b.declare_scale("scale");
    b.declare_scale("lambda");
    b.declare_conv("f", 10, 3, 3, true, {});
    b.declare_conv("depthwise", 1, 8, 5, true, {});
    b.declare_conv("grouped", 2, 12, 3, false, {});
    b.declare_batch_norm("grouped.norm", 12);
    const network::NodeId stem = b.relu(b.group_norm(b.conv(b.input(), "a"), "a.norm", 4));
    const network::NodeId pooled = b.max_pool(stem, 3, 2, 1);
    const network::NodeId x = b.frozen_batch_norm(b.conv(pooled, "b"), "b.norm", 1e-5);
    const network::NodeId low = b.relu(b.batch_norm(b.conv(x, "c", 2), "c.norm"));
    b.output("nearest", b.add(x, b.upsample_nearest(low, 2)));
    b.output("aligned2", b.add(x, b.resample(low, 2)));
    b.output("aligned4", b.resample(low, 4));
    const network::NodeId y = b.learned_scale(b.conv(b.multiply(x, 0.25), "d"), "scale");
    b.output("exp", b.exp(y));
    b.output("slices", b.concat({b.slice(y, 2, 4), b.slice(y, 0, 1)}));
    b.output("coordinates", b.add_coordinates(b.conv(x, "e"), "lambda", Grid::centered(8), 100));
    b.output("plain_coordinates", b.add_coordinates(b.conv(x, "e"), "", {16, 0}, 50));
    b.output("coordconv", b.conv(b.append_coordinates(x, Grid::centered(8), 100, false), "f"));
    b.output("coordconv_unit", b.conv(b.append_coordinates(x, Grid::centered(8), 100, true), "f"));
    const network::NodeId wide =
        b.leaky_relu(b.batch_norm(b.conv(x, "grouped", 1, 4), "grouped.norm"), 0.1);
    b.output("depthwise", b.conv(x, "depthwise", 1, 8));
    b.output("shuffle", b.channel_shuffle(wide, 2));
    b.output("bilinear", b.add(x, b.upsample_bilinear(low, 2)));
    b.output("expectation", b.expectation(wide, 3));
    b.output("product", b.product(x, b.upsample_nearest(low, 2)));
    b.output("log", b.log(x, 0.05));
    return b.finish();
}

}  // namespace embedmask::testing
