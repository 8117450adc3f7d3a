# Draws speedup.svg from speedup.csv: run `gnuplot speedup.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'speedup.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured and modelled speed-up of look-ups over dense, sweep 'published-shape', 2 threads" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Size of all tables"
set logscale x 2
set xrange [2965820.8007578608:379625062.49700624]
set xtics ('4 MiB' 4194304, '8 MiB' 8388608, '16 MiB' 16777216, '32 MiB' 33554432, '64 MiB' 67108864, '128 MiB' 134217728, '256 MiB' 268435456)
set yrange [0:6.918738427036857]
set ylabel 'Lookup tokens/s over dense tokens/s'
set arrow from graph 0, first 1 to graph 1, first 1 nohead linewidth 1.5 linecolor '#707070'
set bmargin 7.20
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'speedup.csv' skip 1 using ($1 == 1 ? $2 : NaN):3 with linespoints linewidth 2 dashtype 1 linecolor '#0072B2' pointtype 7 pointsize 0.9 title "host, measured", \
  'speedup.csv' skip 1 using ($1 == 2 ? $2 : NaN):3 with linespoints linewidth 2 dashtype 2 linecolor '#D55E00' pointtype 5 pointsize 0.9 title "host, modelled", \
  'speedup.csv' skip 1 using ($1 == 3 ? $2 : NaN):3 with linespoints linewidth 2 dashtype 2 linecolor '#009E73' pointtype 9 pointsize 0.9 title "epyc-7763, modelled", \
  'speedup.csv' skip 1 using ($1 == 4 ? $2 : NaN):3 with linespoints linewidth 2 dashtype 2 linecolor '#CC79A7' pointtype 13 pointsize 0.9 title "epyc-7773x, modelled", \
  'speedup.csv' skip 1 using ($1 == 5 ? $2 : NaN):3 with linespoints linewidth 2 dashtype 2 linecolor '#E69F00' pointtype 11 pointsize 0.9 title "xeon-max-9480, modelled"
